/** The widget's side of things, in Chromium, with a gateway in memory. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after } from "node:test";
import { FakeGateway } from "./fake.js";

const gateway = new FakeGateway();
process.env.GATEWAY = await gateway.listen();
after(() => gateway.close());
const { PHONE, inBrowser } = await import("./browser.js");

/** A test with a gateway that knows nothing yet. */
function front(name, options, body) {
  inBrowser(name, options, async (shop) => {
    gateway.reset();
    // Tests whose page adds scripts by itself stand for pages without Trusted Types.
    if (options.lax) shop.proxy.policy = "";
    await gateway.attach(shop.context);
    await body(shop);
  });
}

const script = (attributes = "") => `<script src="/widget.js" defer ${attributes}></script>`;
const html = (head, body = "<h1>Shop</h1>") =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>${head}<body><main>${body}</main></body></html>`;
const ld = (thing) => `<script type="application/ld+json">${JSON.stringify({ "@context": "https://schema.org", ...thing })}</script>`;

const boot = {
  kind: "product", product_id: "moor-boot", title: "Moor Boot", summary: "Waterproof, for a day out", price: "129", list_price: null,
  currency: "EUR", in_stock: true, stock_text: "In stock", reason: null, url: "/shop/moor-boot", image: null, variant_id: null, from_price: true,
  variants: [
    { variant_id: "b-37", options: { Colour: "Brown", Size: "37" }, price: "129", list_price: null, available: true },
    { variant_id: "b-44", options: { Colour: "Brown", Size: "44" }, price: "129", list_price: null, available: false },
    { variant_id: "g-37", options: { Colour: "Grey", Size: "37" }, price: "139", list_price: "159", available: true },
    { variant_id: "g-44", options: { Colour: "Grey", Size: "44" }, price: "139", list_price: null, available: true },
  ],
};

// — where the customer is ——————————————————————————————————————————————————

front("the page's product is told with each message, and read anew", { lax: true }, async (shop) => {
  shop.proxy.page = () => html(ld({ "@type": "Product", name: "Moor Boot", sku: "MB-1" }) + script());
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await page.locator(".about", { hasText: "You are looking at Moor Boot" }).waitFor();
  await page.locator(".offers .chip", { hasText: "Is this in stock?" }).waitFor();
  await widget.check("en-desktop-light-about");
  await page.locator(".offers .chip", { hasText: "Is this in stock?" }).click();
  await widget.answered();
  assert.deepEqual(
    [gateway.messages[0].page.product_id, gateway.messages[0].page.title, gateway.messages[0].page.language],
    ["MB-1", "Moor Boot", "en"],
  );
  // The page changes without being loaded.
  await page.evaluate(() => {
    history.pushState({}, "", "/shop/tarp?token=secret");
    document.querySelector("[type='application/ld+json']").textContent = JSON.stringify({ "@type": "Product", name: "Tarp", sku: "T-9" });
  });
  await widget.ask("and this?");
  assert.equal(gateway.messages[1].page.product_id, "T-9");
  assert.match(gateway.messages[1].page.url, /\/shop\/tarp$/);
  // The shop's own word goes first; what the customer does not mean is not told.
  await page.evaluate(() => window.Shopguide.setContext({ product_id: "p1", title: "Lantern", cart: [{ product_id: "p2", quantity: 2 }] }));
  await page.locator(".about", { hasText: "Lantern" }).waitFor();
  await widget.ask("how bright?");
  assert.deepEqual(gateway.messages[2].page.cart, [{ product_id: "p2", quantity: 2 }]);
  assert.equal(gateway.messages[2].page.product_id, "p1");
  await page.getByRole("button", { name: "Not about this" }).click();
  await widget.ask("delivery?");
  assert.equal(gateway.messages[3].page.product_id, undefined);
});

// — who the customer is ———————————————————————————————————————————————————

const fact = (way, name, part, more = {}) => ({ way, name, example: null, part, optional: false, ...more });
const asking = (wanted, language = "en") => ({ text: "Who are you?", language, asks: "identity", wanted });

front("who the customer is, by a form with a field for each fact", {}, async (shop) => {
  gateway.notice.shop.sign_in_url = `${shop.base}/account`;
  const wanted = [
    fact("email", "E-mail address", 0, { example: "name@example.com" }), fact("phone", "Or the phone number", 0),
    fact("postcode", "Postcode", 1),
  ];
  gateway.answer = ({ text }) => [text.includes("@") ? { text: "That matches.", language: "en" } : asking(wanted)];
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await page.evaluate(() => {
    window.said = [];
    document.addEventListener("shopguide:message", ({ detail }) => window.said.push(detail.text));
  });
  await widget.ask("where is my parcel?");
  const form = page.getByRole("form", { name: "Form: who you are" });
  await form.waitFor();
  assert.equal(await widget.focused(), "Write a message…", "the focus moved by itself");
  const kinds = await form.locator("input").evaluateAll((all) => all.map(({ type, autocomplete }) => [type, autocomplete]));
  assert.deepEqual(kinds, [["email", "email"], ["tel", "tel"], ["text", "postal-code"]]);
  assert.equal(await form.getByRole("link", { name: "Sign in" }).getAttribute("href"), `${shop.base}/account`);
  await widget.check("en-desktop-light-identity");
  // By the keyboard alone: what is missing is told at its field, which gets the focus.
  const email = form.getByLabel("E-mail address");
  const postcode = form.getByLabel("Postcode");
  await email.focus();
  await page.keyboard.press("Enter");
  assert.deepEqual(await form.locator(".failed").allTextContents(), ["Please fill this in.", "", "Please fill this in."]);
  const described = () => email.evaluate((one) => one.matches(":focus") && one.getRootNode().getElementById(one.getAttribute("aria-describedby")).textContent);
  assert.equal(await described(), "Please fill this in.");
  assert.equal(await email.getAttribute("aria-invalid"), "true");
  await widget.check("en-desktop-light-identity-wrong");
  await page.keyboard.type("mara.field");
  await postcode.fill("SW1A 1AA");
  await page.keyboard.press("Enter");
  assert.equal(await described(), "Please check this.");
  assert.equal(await postcode.getAttribute("aria-invalid"), "false");
  assert.equal(gateway.messages.length, 1);
  await email.fill("mara.field@example.org");
  await page.keyboard.press("Enter");
  await page.locator(".row.bot", { hasText: "That matches." }).waitFor();
  assert.equal(gateway.messages[1].text, "mara.field@example.org, SW1A 1AA");
  // It is not shown again, wherever the conversation is.
  const whole = ["customer: where is my parcel?", "bot: Who are you?", "customer: m•••@example.org, •••AA", "bot: That matches."];
  assert.deepEqual(await widget.lines(), whole);
  assert.equal(await form.count(), 0);
  assert.equal(await page.getByRole("button", { name: "Edit and send again" }).count(), 0);
  await widget.field.press("ArrowUp");
  assert.equal(await widget.field.inputValue(), "");
  assert.deepEqual(await page.evaluate(() => window.said.filter((text) => text.includes("mara.field"))), []);
  const [file] = await Promise.all([page.waitForEvent("download"), widget.menu("Download transcript")]);
  assert.ok(!(await readFile(await file.path(), "utf8")).includes("mara.field"));
  await page.reload();
  await page.locator(".row.bot", { hasText: "That matches." }).waitFor();
  assert.deepEqual(await widget.lines(), whole);
  await widget.menu("End and rate");
  await page.getByRole("radio", { name: "4 of 5 stars" }).check();
  await page.getByRole("button", { name: "Submit" }).click();
  await page.locator(".ask", { hasText: "Thank you" }).waitFor();
  assert.deepEqual(await widget.lines(), whole);
});

front("who the customer is: a code, other languages, other ways to answer", { context: PHONE }, async (shop) => {
  shop.proxy.files["/strings/ar.json"] = { language: "ar", wanted: "نموذج: من أنت", wantedEmpty: "يرجى ملء هذا الحقل.", submit: "إرسال" };
  gateway.answer = ({ text }) => [asking(text.includes("@")
    ? [fact("code", "邮件里的验证码", 0)]
    : [fact("email", "下单用的邮箱", 0), fact("postcode", "收货地址的邮编（不填就用邮箱验证码）", 1, { optional: true })], "zh")];
  const widget = await shop.visit({ "strings-url": "/strings/ar.json" });
  const { page } = widget;
  await widget.open();
  await widget.ask("订单到哪了");
  const form = page.getByRole("form", { name: "نموذج: من أنت" });
  await form.locator(".primary").click();
  assert.deepEqual(await form.locator(".failed").allTextContents(), ["يرجى ملء هذا الحقل.", ""]);
  await widget.check("ar-phone-light-identity");
  const edges = await form.evaluate((one) => {
    const [outer, label] = [one, one.querySelector("label bdi")].map((each) => each.getBoundingClientRect());
    return [outer.width <= innerWidth, outer.right - label.right < 40];
  });
  assert.deepEqual(edges, [true, true], "right to left");
  const small = await form.locator("input, button").evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 43.5).length);
  assert.equal(small, 0);
  await form.getByLabel("下单用的邮箱").fill("用户@例子.中国");
  await form.locator(".primary").click();
  const code = form.getByLabel("邮件里的验证码");
  await code.waitFor();
  assert.equal(await code.getAttribute("autocomplete"), "one-time-code");
  // Who says something else meanwhile is answered, and asked anew.
  await widget.ask("先不查了");
  await form.getByLabel("下单用的邮箱").waitFor();
  assert.equal(await form.count(), 1);
});

front("who signs in, and who has a person, is not asked; without the form the text asks", { expected: /Failed to load resource|ERR_/ }, async (shop) => {
  gateway.answer = () => [asking([fact("email", "E-mail address", 0)])];
  await shop.context.route(/forms\.js/, (route) => route.abort());
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await widget.ask("my order?");
  await page.waitForTimeout(300);
  assert.equal(await page.locator(".leave").count(), 0);
  await shop.context.unroute(/forms\.js/);
  await page.reload();
  await page.locator(".leave").waitFor();
  gateway.send({ type: "handoff", ticket: 1, state: "agent", position: null, agent: "Lin", opens: null });
  await page.locator("h2", { hasText: "Lin" }).waitFor();
  assert.equal(await page.locator(".leave").count(), 0);
  gateway.send({ type: "handoff", ticket: 1, state: "queued", position: 1, agent: null, opens: null });
  await page.locator(".leave").waitFor();
  await page.evaluate(() => window.Shopguide.identify("a.b.c"));
  await widget.waitFor("no form", async () => !(await page.locator(".leave").count()));
});

front("a thumb that was pressed is taken back by pressing it again", {}, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await widget.ask("hello");
  const [up, down] = ["Helpful", "Not helpful"].map((name) => page.getByRole("button", { name, exact: true }));
  const pressed = () => Promise.all([up, down].map((one) => one.getAttribute("aria-pressed")));
  await down.click();
  await page.getByRole("button", { name: "Unclear" }).click();
  await page.locator(".below", { hasText: "Thank you" }).waitFor();
  await down.click();
  await page.locator(".below", { hasText: "Taken back." }).waitFor();
  assert.equal(await page.locator(".below button").count(), 0);
  assert.deepEqual(await pressed(), ["false", "false"]);
  await up.press("Space");
  await page.locator(".below", { hasText: "Thank you" }).waitFor();
  await up.press("Space");
  await page.locator(".below", { hasText: "Taken back." }).waitFor();
  await page.reload();
  await up.waitFor();
  assert.deepEqual(await pressed(), ["false", "false"]);
  assert.deepEqual(gateway.ratings, [-1, -1, 0, 1, 0]);
});

// — the cart ——————————————————————————————————————————————————————————————

front("no variant is picked for the customer, and the card says what the cart says", {}, async (shop) => {
  gateway.answer = () => [{ text: "These:", cards: [boot], language: "en" }];
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await widget.ask("boots");
  const card = page.locator(".product");
  const add = card.getByRole("button", { name: "Add to cart" });
  const note = card.locator(".note-cart");
  assert.match(await card.locator(".price strong").textContent(), /^from €129$/);
  await page.evaluate(() => {
    window.items = [];
    window.off = window.Shopguide.onAddToCart((item) => {
      window.items.push(item);
      return window.next();
    });
  });
  await add.click();
  assert.equal(await note.textContent(), "Please choose first: Colour");
  assert.deepEqual(await page.evaluate(() => window.items), []);
  await card.getByRole("radio", { name: "Brown" }).check({ force: true });
  assert.match(await card.locator("label.gone").textContent(), /44 \(sold out\)/);
  await widget.check("en-desktop-light-variants");
  // What is sold out in brown can be had in grey: the colour is to be chosen anew.
  await card.getByRole("radio", { name: "44" }).check({ force: true });
  await add.click();
  assert.equal(await note.textContent(), "Please choose first: Colour");
  await card.getByRole("radio", { name: "Grey" }).check({ force: true });
  assert.equal(await card.locator(".price strong").textContent(), "€139");
  await page.evaluate(() => (window.next = () => new Promise((resolve) => (window.done = resolve))));
  await add.click();
  await card.getByRole("button", { name: "Adding…" }).waitFor();
  await page.evaluate(() => window.done({ cart_url: "/shop/cart" }));
  await note.locator("a", { hasText: "View cart" }).waitFor();
  assert.match(await note.textContent(), /^Added/);
  await widget.check("en-desktop-light-added");
  const [item] = await page.evaluate(() => window.items);
  assert.deepEqual(
    [item.product_id, item.variant_id, item.quantity, item.price],
    ["moor-boot", "g-44", 1, "139"],
  );
  await page.evaluate(() => (window.next = () => ({ added: false, reason: "Only one per customer." })));
  await add.click();
  await page.waitForFunction(() => document.querySelector("shopguide-widget").shadowRoot.querySelector(".note-cart").textContent.startsWith("Only one"));
  await page.evaluate(() => (window.next = () => Promise.reject(new TypeError("Failed to fetch"))));
  await add.click();
  await note.getByText("It could not be put into the cart.").waitFor();
  assert.ok(!(await note.textContent()).includes("fetch"));
  await page.evaluate(() => window.off());
  await add.click();
  await note.getByText("This chat cannot put it into the cart.").waitFor();
  assert.equal(await note.locator("a").getAttribute("href"), `${shop.base}/shop/moor-boot`);
});

// — pictures and files —————————————————————————————————————————————————————

/** Put files on the clipboard's way into the field. */
const paste = (widget, kind) =>
  widget.field.evaluate(async (field, kind) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 40;
    canvas.getContext("2d").fillRect(5, 5, 20, 20);
    let blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
    if (kind === "exif") {
      // A camera's note after the first two bytes, with a place in it.
      const note = new TextEncoder().encode("Exif\0\0GPS 30.2741 N 120.1551 E");
      const head = new Uint8Array([0xff, 0xe1, 0, note.length + 2]);
      blob = new Blob([blob.slice(0, 2), head, note, blob.slice(2)]);
    }
    if (kind === "script") blob = new Blob(["<script>alert(1)</script>"]);
    const data = new DataTransfer();
    data.items.add(new File([blob], "zip broken.jpg", { type: "image/jpeg" }));
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, kind);

front("a pasted picture is sent without its traces, and goes with the message", { expected: /blob:/ }, async (shop) => {
  gateway.notice.files = ["picture"];
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await page.getByRole("button", { name: "Add a picture or file" }).waitFor();
  await paste(widget, "exif");
  await page.locator(".tray li", { hasText: "zip broken.jpg" }).waitFor();
  await widget.check("en-desktop-light-tray");
  await widget.ask("the zip is broken");
  const [{ type, name, body }] = gateway.uploads;
  assert.deepEqual([type, name], ["image/jpeg", "zip broken.jpg"]);
  assert.ok(!body.includes("Exif") && !body.includes("GPS"), "the picture tells where it was taken");
  assert.equal(body[0], 0xff);
  assert.deepEqual(gateway.messages[0].files, ["f1"]);
  await page.locator(".row.customer .sent", { hasText: "zip broken.jpg" }).waitFor();
  assert.equal(await page.locator(".tray").isHidden(), true);
  // What it calls itself does not count.
  await paste(widget, "script");
  await page.locator(".tray .failed", { hasText: "is a kind of file that is not taken here" }).waitFor();
  assert.equal(gateway.uploads.length, 1);
});

front("where files are not kept, a pasted one is answered with a sentence", {}, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  assert.equal(await widget.page.getByRole("button", { name: "Add a picture or file" }).count(), 0);
  await paste(widget, "plain");
  await widget.page.locator(".over", { hasText: "takes text only" }).waitFor();
});

// — on all kinds of pages ——————————————————————————————————————————————————

front("a page that swaps its body keeps the widget, and the conversation", { lax: true }, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await widget.ask("hello");
  await page.evaluate(() => {
    const body = document.createElement("body");
    body.append("page two");
    const line = document.createElement("script");
    line.src = "/widget.js";
    body.append(line);
    document.body.replaceWith(body);
  });
  await page.waitForTimeout(300);
  assert.equal(await page.locator("shopguide-widget").count(), 1);
  await widget.ask("still there?");
  // Not even a whole new document element takes it away.
  await page.evaluate(() => document.documentElement.replaceWith(document.documentElement.cloneNode(true)));
  await page.locator("shopguide-widget .launcher").waitFor();
});

for (const [kind, make] of Object.entries({
  "in the head without defer": () => html('<script src="/widget.js"></script>'),
  "as a module": () => html('<script type="module" src="/widget.js"></script>'),
  "added later": () => html("", "<h1>Shop</h1>"),
})) {
  front(`the script ${kind}`, { lax: kind === "added later" }, async (shop) => {
    shop.proxy.page = make;
    const widget = await shop.visit();
    if (kind === "added later") {
      await widget.page.evaluate(() => {
        const line = document.createElement("script");
        line.src = "/widget.js";
        document.body.append(line);
      });
    }
    await widget.open();
    await widget.ask("hello");
  });
}

front("a body that is moved about does not move the widget", { lax: true }, async (shop) => {
  shop.proxy.page = () => html(script(), '<div style="height:3000px">long</div>').replace("<body>", '<body style="transform:translateX(0)">');
  const widget = await shop.visit();
  const box = await widget.launcher.boundingBox();
  assert.ok(box.y < 800 && box.x < 1100, JSON.stringify(box));
});

front("twice on a page, hidden, shown, taken away and put back", { lax: true }, async (shop) => {
  const said = [];
  shop.context.on("console", (message) => said.push(message.text()));
  shop.proxy.page = () => html(script() + script());
  const widget = await shop.visit();
  const { page } = widget;
  assert.equal(await page.locator("shopguide-widget").count(), 1);
  assert.ok(said.some((text) => /stands on this page twice/.test(text)), `${said}`);
  await page.evaluate(() => window.Shopguide.hide());
  assert.equal(await widget.launcher.isVisible(), false);
  await page.evaluate(() => window.Shopguide.show());
  await widget.open();
  await page.evaluate(() => window.Shopguide.setLanguage("zh"));
  await page.locator("h2", { hasText: "导购助手" }).waitFor();
  await widget.field.fill("你好");
  await page.evaluate(() => window.Shopguide.setLanguage("en"));
  await page.locator("h2", { hasText: "Shop assistant" }).waitFor();
  assert.equal(await widget.field.inputValue(), "你好", "the draft is gone");
  const refused = await page.evaluate(async () => {
    const tries = [window.Shopguide.send(""), window.Shopguide.send({}), window.Shopguide.identify("garbage")];
    return (await Promise.allSettled(tries)).map(({ status }) => status);
  });
  assert.deepEqual(refused, ["rejected", "rejected", "rejected"]);
  await page.evaluate(() => window.Shopguide.destroy());
  assert.equal(await page.locator("shopguide-widget").count(), 0);
  assert.equal(await page.evaluate(() => typeof window.Shopguide), "undefined");
  await page.evaluate(() => {
    const line = document.createElement("script");
    line.src = "/widget.js";
    document.head.append(line);
  });
  await widget.launcher.waitFor();
  await widget.panel.waitFor(); // it was open
  await widget.ask("again");
});

// — waiting, and errors told apart —————————————————————————————————————————

const NETWORK = /Failed to load resource|WebSocket connection|ERR_|CORS policy/;

front("the first press answers at once on a slow line, and offline", { expected: NETWORK }, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  gateway.delay = 1_500;
  await widget.launcher.click();
  await page.locator(".frame", { hasText: "Opening…" }).waitFor({ timeout: 500 });
  await widget.check("en-desktop-light-opening");
  await widget.panel.waitFor();
  assert.equal(await page.locator(".frame").count(), 0);
  gateway.delay = 0;
  // Dots from the moment of sending, though nothing has come back yet.
  gateway.delay = 1_000;
  await widget.write("hello");
  await page.locator(".dots").waitFor({ timeout: 500 });
  gateway.delay = 0;
  await widget.answered();
});

front("a first press without a network says so and can be tried again", { expected: NETWORK }, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  await shop.context.setOffline(true);
  await widget.launcher.click();
  await page.locator(".frame", { hasText: "There seems to be no connection" }).waitFor();
  await widget.check("en-desktop-light-first-offline");
  await shop.context.setOffline(false);
  await page.locator(".frame button").click();
  await widget.panel.waitFor();
});

front("a site that is not allowed is told so, once", { lax: true, expected: /./, others: [process.env.GATEWAY] }, async (shop) => {
  const said = [];
  shop.context.on("console", (message) => said.push(message.text()));
  gateway.refuse = { origin: true };
  shop.proxy.page = () => html(script().replace("/widget.js", `${process.env.GATEWAY}/widget.js`));
  const widget = await shop.visit();
  await widget.open();
  await widget.write("hello");
  await widget.page.locator(".notice", { hasText: "not set up for this website" }).waitFor();
  assert.ok(said.some((text) => text.includes("SHOPGUIDE_ALLOWED_ORIGINS") && text.includes(shop.base)), `${said}`);
  let asked = 0;
  shop.context.on("request", () => asked++);
  await widget.page.waitForTimeout(2_500);
  assert.equal(asked, 0, "it goes on trying");
});

front("too many, and a server that fails, with the shop's phone as a way out", { expected: NETWORK }, async (shop) => {
  gateway.notice.shop.phone = "400-555-0137";
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await page.locator(".legal").waitFor();
  gateway.refuse = { status: 500 };
  await widget.write("hello");
  await page.locator(".notice", { hasText: "does not answer right now" }).waitFor();
  assert.equal(await page.locator(".notice a").getAttribute("href"), "tel:4005550137");
  gateway.refuse = null;
  await widget.answered();
  gateway.refuse = { socket: { code: "too_many", retry_after: 3 } };
  await widget.write("quick");
  await page.locator(".notice", { hasText: /goes out in [23] s/ }).waitFor();
  await widget.check("en-desktop-light-busy");
  gateway.refuse = null;
  await widget.answered();
  assert.equal(await page.locator(".notice").count(), 0);
});

// — a person ——————————————————————————————————————————————————————————————

front("waiting for a person, talking to one, and how it was", { expected: /status of 422/ }, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  const queued = { ticket: 1, state: "queued", position: 2, agent: null, opens: null, contact: true, picture: null };
  gateway.answer = () => [{ text: "I have asked.", handoff: queued, language: "en" }];
  await widget.ask("a person, please");
  await page.locator(".notice", { hasText: "number 2" }).waitFor();
  const contact = page.getByRole("textbox", { name: "E-mail or phone" });
  await contact.fill("later");
  await page.getByRole("button", { name: "Leave it" }).click();
  await page.locator(".leave .failed", { hasText: "does not look like" }).waitFor();
  await widget.check("en-desktop-light-contact");
  await contact.fill("emma@example.com");
  await contact.press("Enter");
  await page.locator(".over", { hasText: "come back to you" }).waitFor();
  await page.getByRole("button", { name: "I no longer need a person" }).click();
  await page.locator(".notice").waitFor({ state: "detached" });
  assert.ok(gateway.calls.includes("POST sessions/current/handoff/withdraw"));

  gateway.answer = () => [];
  await widget.write("a person after all");
  gateway.send({ type: "handoff", ...queued, state: "agent", position: null, agent: "Lin Yue" });
  await page.locator("h2", { hasText: "Lin Yue" }).waitFor();
  await page.locator(".mine", { hasText: "Sent" }).waitFor();
  gateway.send({ type: "read", message_id: gateway.messages.at(-1).message_id });
  await page.locator(".mine", { hasText: "Read" }).waitFor();
  gateway.send({ type: "line", message_id: "desk:1", sender: "agent", agent: "Lin Yue", text: "Hello! Write to lin@shop.example." });
  assert.equal(await page.locator(".row.agent a").getAttribute("href"), "mailto:lin@shop.example");
  await widget.check("en-desktop-light-person");
  await widget.menu("Start over");
  await page.locator(".ask", { hasText: "You are talking to a person" }).waitFor();
  await page.keyboard.press("Escape");
  gateway.send({ type: "handoff", ...queued, state: "closed", contact: false });
  await page.locator(".ask", { hasText: "How was this conversation?" }).waitFor();
  const submit = page.getByRole("button", { name: "Submit" });
  await page.getByRole("radio", { name: "5 of 5 stars" }).check({ force: true });
  const [button, panel] = [await submit.boundingBox(), await widget.panel.boundingBox()];
  assert.ok(button.y + button.height < panel.y + panel.height, "Submit is below the fold");
  await widget.check("en-desktop-light-rating");
  await submit.click();
  await page.locator(".notice", { hasText: "has ended" }).waitFor();
  assert.ok(gateway.calls.includes("DELETE sessions/current"));
  gateway.lines = [];
  await page.getByRole("button", { name: "New conversation" }).click();
  assert.deepEqual(await widget.lines(), []);
});

// — the small things ———————————————————————————————————————————————————————

front("menu by arrows, draft, recall, edit, stop, quotes", {}, async (shop) => {
  const quote = "Parcels leave the house on working days until four in the afternoon, except in the week of the spring festival.";
  const citations = [{ number: 1, title: "Delivery", source: "delivery", quote, url: "/shop/delivery" }];
  gateway.answer = ({ text }) => [{ text: `re: ${text} [1]`, citations, language: "en" }];
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await widget.ask("when do parcels leave?");
  const menu = page.getByRole("button", { name: "Menu" });
  assert.equal(await menu.getAttribute("aria-haspopup"), "menu");
  await menu.press("Enter");
  assert.equal(await widget.focused(), "Turn sound on");
  await page.keyboard.press("ArrowUp");
  assert.equal(await widget.focused(), "Start over");
  await page.keyboard.press("Home");
  assert.equal(await widget.focused(), "Turn sound on");
  await widget.check("en-desktop-light-menu-open");
  await page.keyboard.press("Escape");
  assert.equal(await widget.focused(), "Menu");

  await page.locator(".cite").click();
  assert.match(await page.locator(".note a").getAttribute("href"), /#:~:text=Parcels%20leave%20the%20house%20on,week%20of%20the%20spring%20festival\.$/);
  await page.locator(".head h2").click();
  assert.equal(await page.locator(".note").count(), 0);

  await widget.field.press("ArrowUp");
  assert.equal(await widget.field.inputValue(), "when do parcels leave?");
  await widget.field.fill("half a senten");
  await page.reload();
  await widget.panel.waitFor();
  assert.equal(await widget.field.inputValue(), "half a senten");
  await page.getByRole("button", { name: "Edit and send again" }).click();
  assert.equal(await widget.field.inputValue(), "when do parcels leave?");

  gateway.quiet = true;
  await widget.write("a long answer, please");
  await page.getByRole("button", { name: "Stop answering" }).waitFor();
  const { message_id } = gateway.messages.at(-1);
  gateway.send({ type: "delta", message_id, seq: 1, text: "Once upon" });
  await page.getByRole("button", { name: "Stop answering" }).click();
  await widget.waitFor("stop", () => gateway.calls.includes(`POST messages/${message_id}/stop`));
  gateway.send({ type: "message", message_id: `${message_id}.1`, reply_to: message_id, body: { text: "Once upon" } });
  gateway.send({ type: "done", message_id });
  await widget.answered();
  await page.getByRole("button", { name: "Stop answering" }).waitFor({ state: "detached" });

  await widget.launcher.click();
  gateway.send({ type: "line", message_id: "desk:9", sender: "agent", agent: "Lin", text: "Hello" });
  await page.waitForFunction(() => document.title === "(1) Shop");
  await widget.open();
  await page.waitForFunction(() => document.title === "Shop");
});

front("the way to the cart stays free", {}, async (shop) => {
  shop.proxy.page = () => html(script('data-cart-url="/shop/bag"'));
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  const box = await widget.panel.boundingBox();
  assert.ok(box.y >= 70 && box.width <= 380, JSON.stringify(box));
  await widget.ask("hello");
  await page.goto(`${shop.base}/shop/bag`);
  await page.waitForTimeout(400);
  assert.equal(await widget.panel.isVisible(), false, "it opens over the cart");
  await page.goto(`${shop.base}/shop/tent`);
  await widget.panel.waitFor();
});

front("on a phone everything is large enough to touch", { context: PHONE }, async (shop) => {
  gateway.notice.files = ["picture"];
  gateway.answer = () => [{ text: "These:", cards: [boot], buttons: [{ title: "Cheaper", payload: "cheaper" }], language: "en" }];
  const widget = await shop.visit();
  await widget.open();
  await widget.ask("boots");
  const small = await widget.page.evaluate(() =>
    [...document.querySelector("shopguide-widget").shadowRoot.querySelectorAll("dialog button, dialog .option label")]
      .map((one) => [one.textContent || one.ariaLabel, one.getBoundingClientRect()])
      .filter(([, { width, height }]) => width && (width < 44 || height < 43.5))
      .map(([name, { width, height }]) => `${name}: ${width}×${height}`),
  );
  assert.deepEqual(small, []);
  const chip = await widget.page.locator(".offers .chip").boundingBox();
  assert.ok(chip.y + chip.height <= 844, "the replies are out of sight");
  await widget.check("en-phone-light-variants");
});

front("speaking in place of writing", {}, async (shop) => {
  await shop.context.addInitScript(() => {
    window.ears = [];
    window.SpeechRecognition = class extends EventTarget {
      start() {
        window.ears.push(this);
      }
      stop() {
        this.dispatchEvent(new Event("end"));
      }
    };
  });
  const widget = await shop.visit({ lang: "zh" });
  const { page } = widget;
  await widget.open();
  await widget.field.fill("请问");
  await page.getByRole("button", { name: "语音输入" }).click();
  const hear = (...parts) =>
    page.evaluate((parts) => {
      const results = parts.map((transcript) => [{ transcript }]);
      window.ears.at(-1).dispatchEvent(Object.assign(new Event("result"), { results }));
    }, parts);
  assert.equal(await page.evaluate(() => window.ears[0].lang), "zh-CN");
  await hear("帐篷");
  await hear("帐篷", "防水吗");
  assert.equal(await widget.field.inputValue(), "请问 帐篷防水吗");
  await page.getByRole("button", { name: "停止语音输入" }).click();
  await widget.ask("请问 帐篷防水吗");
  await page.getByRole("button", { name: "语音输入" }).click();
  await page.evaluate(() => {
    window.ears.at(-1).dispatchEvent(new Event("error"));
    window.ears.at(-1).dispatchEvent(new Event("end"));
  });
  await page.locator(".over", { hasText: "没有听到声音" }).waitFor();
});

front("one sound for all tabs, and none before the customer's eyes", {}, async (shop) => {
  await shop.context.addInitScript(() => {
    window.rung = 0;
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function () {
      window.rung++;
      start.call(this);
    };
  });
  const one = await shop.visit();
  await one.open();
  await one.menu("Turn sound on");
  await one.ask("hello");
  const two = await shop.visit();
  await two.open();
  const rung = async () => (await one.page.evaluate(() => window.rung)) + (await two.page.evaluate(() => window.rung));
  assert.equal(await rung(), 0, "an answer that is looked at makes a sound");
  gateway.send({ type: "line", message_id: "desk:1", sender: "agent", agent: "Lin", text: "Hello" });
  await one.page.locator(".row.agent").waitFor();
  await two.page.locator(".row.agent").waitFor();
  await one.page.waitForTimeout(300);
  assert.equal(await rung(), 1);
});

front("the customer's choice of a language holds until the shop's is switched", {}, async (shop) => {
  const widget = await shop.visit({ lang: "en" });
  const { page } = widget;
  await widget.open();
  await widget.menu("中文");
  await page.locator("h2", { hasText: "导购助手" }).waitFor();
  await page.reload();
  await page.locator("h2", { hasText: "导购助手" }).waitFor();
  await widget.ask("ok");
  assert.equal(gateway.messages[0].page.language, "zh");
  await page.goto(`${shop.base}/shop/?lang=zh`);
  await page.goto(`${shop.base}/shop/?lang=en`);
  await page.locator("h2", { hasText: "Shop assistant" }).waitFor();
});

front("over a phone's keyboard, and letters that are the reader's", { context: PHONE }, async (shop) => {
  await shop.context.addInitScript(() => {
    const seen = Object.assign(new EventTarget(), { height: 844, offsetTop: 0 });
    Object.defineProperty(window, "visualViewport", { value: seen });
  });
  shop.proxy.policy = "";
  shop.proxy.page = () => html(`<style>html{font-size:62.5%}</style>${script()}`);
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await page.evaluate(() => {
    Object.assign(window.visualViewport, { height: 480, offsetTop: 200 });
    window.visualViewport.dispatchEvent(new Event("scroll"));
  });
  await page.waitForTimeout(400); // the panel's way in
  const { y, height } = await widget.panel.boundingBox();
  assert.deepEqual([y, height], [200, 480]);
  const letters = await page.locator(".row .bubble").evaluate((bubble) => getComputedStyle(bubble).fontSize);
  assert.equal(letters, "15px");
});

// — pictures for docs/widget.md, when they are asked for —————————————————————

const told = {
  en: {
    name: "Moor Boot", summary: "Waterproof, for a day out", stock: "In stock", colour: "Colour", size: "Size", brown: "Brown", grey: "Grey",
    ask: "Which boots keep my feet dry?", answer: "This one is waterproof, and light enough for a whole day:", person: "Could a person help me?",
    queued: "Lin Yue will answer you here.", agent: "Lin Yue", says: "Hello, this is Lin. Shall I look at your order?", add: "Add to cart", currency: "EUR", price: ["129", "139"],
  },
  zh: {
    name: "荒原徒步靴", summary: "防水，适合一天的路", stock: "有货", colour: "颜色", size: "尺码", brown: "棕色", grey: "灰色",
    ask: "哪双鞋下雨不湿脚？", answer: "这双防水，走一整天也不累：", person: "帮我转人工",
    queued: "林悦会在这里回复您。", agent: "林悦", says: "您好，我是林悦，帮您看一下订单？", add: "加入购物车", currency: "CNY", price: ["899", "959"],
  },
};

if (process.env.PICTURES) {
  mkdirSync(process.env.PICTURES, { recursive: true });
  const looks = { desktop: { viewport: { width: 760, height: 740 } }, phone: { ...PHONE, deviceScaleFactor: 1 } };
  for (const [lang, words] of Object.entries(told))
    for (const [look, context] of Object.entries(looks))
      for (const colorScheme of ["light", "dark"])
        front(`pictures ${lang} ${look} ${colorScheme}`, { lax: true, context: { ...context, colorScheme, locale: lang === "zh" ? "zh-CN" : "en-GB" } }, async (shop) => {
          const [low, high] = words.price;
          const variant = (variant_id, colour, size, price, available) => ({
            variant_id, options: { [words.colour]: words[colour], [words.size]: size }, price, list_price: null, available,
          });
          const card = {
            ...boot, title: words.name, summary: words.summary, stock_text: words.stock, currency: words.currency, price: low,
            variants: [variant("a", "brown", "37", low, true), variant("b", "brown", "44", low, false), variant("c", "grey", "37", high, true), variant("d", "grey", "44", high, true)],
          };
          const page = `<h1>${words.name}</h1><p>${words.summary}</p>`;
          shop.proxy.page = () =>
            html(ld({ "@type": "Product", name: words.name, sku: "MB-1" }) + '<meta name="color-scheme" content="light dark">' + script('data-cart-url="/shop/cart"'), page).replace('lang="en"', `lang="${lang}"`);
          const widget = await shop.visit();
          const shot = async (state) => {
            if (colorScheme === "dark" && !["card", "person"].includes(state)) return;
            await widget.page.waitForTimeout(400);
            await widget.page.screenshot({ path: `${process.env.PICTURES}${lang}-${look}-${colorScheme}-${state}.png` });
          };
          await widget.open();
          await widget.page.locator(".about").waitFor();
          await shot("open");
          gateway.answer = () => [{ text: words.answer, cards: [card], language: lang }];
          await widget.ask(words.ask);
          const choose = (name) => widget.page.getByRole("radio", { name }).check({ force: true });
          await choose(words.brown);
          await shot("card");
          await choose("37");
          await widget.page.evaluate(() => window.Shopguide.onAddToCart(() => ({ cart_url: "/shop/cart" })));
          await widget.page.getByRole("button", { name: words.add }).click();
          await widget.page.locator(".note-cart.done").waitFor();
          await shot("added");
          gateway.answer = () => [{ text: words.queued, language: lang }];
          await widget.ask(words.person);
          const handoff = { type: "handoff", ticket: 1, position: null, opens: null, agent: words.agent };
          gateway.send({ ...handoff, state: "agent" });
          gateway.send({ type: "line", message_id: "desk:1", sender: "agent", agent: words.agent, text: words.says });
          gateway.send({ type: "read", message_id: gateway.messages.at(-1).message_id });
          await widget.page.locator("h2", { hasText: words.agent }).waitFor();
          await shot("person");
          gateway.send({ ...handoff, state: "closed" });
          await widget.page.locator(".stars").waitFor();
          await shot("rating");
        });
}
