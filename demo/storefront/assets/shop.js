// What a page does beyond links and forms; everything but the chat works without it.
"use strict";

const toast = document.querySelector(".toast");
const badge = document.querySelector(".count");
let hiding = 0;

function tell(message, url) {
  toast.textContent = message;
  if (url) {
    const link = document.createElement("a");
    link.href = url;
    link.textContent = toast.dataset.view;
    toast.append(" ", link);
  }
  toast.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.classList.remove("shown"), 6000);
}

// Resolves to what a card of the assistant's needs to know; the toast is for the page's own button.
async function add(fields, quiet) {
  try {
    const answer = await fetch("/cart/add", {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(fields),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const { added, message, count } = await answer.json();
    badge.textContent = count;
    badge.hidden = count === 0;
    if (!quiet) tell(message, added ? "/cart" : null);
    return { added, reason: added ? undefined : message, cart_url: "/cart" };
  } catch {
    if (!quiet) tell(toast.dataset.failed);
    return { added: false, reason: toast.dataset.failed };
  }
}

// The assistant's cards have a button of their own; the page says what came of it.
document.addEventListener("shopguide:add-to-cart", (event) => {
  const { product_id, variant_id, quantity } = event.detail;
  const which = variant_id ? { sku: variant_id } : { product: product_id };
  event.respondWith(
    add({ ...which, pieces: quantity }, true).then((answer) => {
      if (answer.added) show([...lines, { product_id, variant_id: variant_id ?? undefined, quantity }]);
      return answer;
    }),
  );
});

// What is in the cart, so that the assistant can speak of it.
let lines = JSON.parse(document.querySelector("[data-cart]").textContent);
function show(now) {
  lines = now;
  window.Shopguide?.setContext({ cart: lines });
}
show(lines);

function choosing(form) {
  const choices = JSON.parse(form.querySelector("[data-choices]").textContent);
  const buy = form.querySelector("[data-buy]");
  const stock = form.querySelector("[data-stock]");
  const chosen = () =>
    Object.fromEntries(
      [...form.querySelectorAll("input:checked")].map((i) => [i.name.slice("option-".length), i.value]),
    );
  const meets = (choice, wanted) =>
    Object.entries(wanted).every(([key, value]) => choice.options[key] === value);

  function show() {
    const wanted = chosen();
    const found = choices.find((choice) => meets(choice, wanted));
    buy.disabled = !found?.available;
    stock.textContent = found ? found.stock : form.dataset.notMade;
    stock.classList.toggle("plenty", Boolean(found?.available));
    form.querySelector("[data-price]").textContent = found ? found.price : "";
    form.querySelector("[data-list-price]").textContent = found ? found.list_price : "";
    if (found) document.getElementById("picture").src = found.picture;
    for (const input of form.querySelectorAll("input[type=radio]")) {
      const other = { ...wanted, [input.name.slice("option-".length)]: input.value };
      const left = choices.some((choice) => choice.available && meets(choice, other));
      input.parentElement.classList.toggle("gone", !left);
    }
  }

  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(new FormData(form));
  });
  show();
}

for (const form of document.querySelectorAll("[data-add]")) choosing(form);

for (const field of document.querySelectorAll("[data-submit]")) {
  field.form.querySelector("[data-update]").hidden = true;
  field.addEventListener("change", () => field.form.requestSubmit());
}

if (window.Shopguide) {
  for (const part of document.querySelectorAll("[data-ask], [data-open], [data-needs-chat]")) {
    part.hidden = false;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-ask], [data-open]");
    if (!button) return;
    window.Shopguide.open();
    if (button.dataset.ask) window.Shopguide.send(button.dataset.ask);
  });
}
