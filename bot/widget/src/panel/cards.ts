/** Products, orders and tables. */

import { h, icon } from "./dom";
import { BAG, CHECK, LEFT, RIGHT } from "../shared/icons";
import { iconButton, textButton } from "./buttons";
import type { Context } from "./context";
import { copyButton } from "./copying";
import { safeImage, safeUrl } from "./text";
import type { Body, OrderCard, ProductCard } from "./types";
import { type Chooser, chooser } from "./variants";

export function cards(all: (ProductCard | OrderCard)[], context: Context): HTMLElement[] {
  const products = all.filter((card) => card.kind === "product");
  const orders = all.filter((card) => card.kind === "order");
  return [
    ...(products.length > 1 ? [carousel(products, context)] : products.map((card) => product(card, context))),
    ...orders.map((card) => order(card, context)),
  ];
}

function carousel(products: ProductCard[], context: Context): HTMLElement {
  const { strings } = context;
  const track = h(
    "ul",
    { class: "track", tabindex: 0, role: "list", "aria-label": strings.products },
    ...products.map((card) => h("li", "", product(card, context))),
  );
  const move = (by: number) => {
    const ahead = context.words.direction === "rtl" ? -by : by;
    track.scrollBy({ left: (ahead * track.scrollWidth) / products.length });
  };
  const arrow = (name: string, path: string, by: number) => iconButton("arrow", name, path, () => move(by));
  const arrows = [arrow(strings.previous, LEFT, -1), arrow(strings.next, RIGHT, 1)];
  return h("div", "carousel", track, h("div", "arrows", ...arrows));
}

/** A card's price as the customer sees it: "from" where variants differ. */
export function priceOf(card: ProductCard, context: Context): string {
  const price = context.money(card.price, card.currency);
  return card.from_price ? context.fill(context.strings.from, { price }) : price;
}

function product(card: ProductCard, context: Context): HTMLElement {
  const { strings } = context;
  const url = safeUrl(card.url);
  const image = safeImage(card.image, context.imageHosts);
  const frame = h("div", "picture", icon(BAG));
  if (image) {
    const picture = h("img", {
      src: image, alt: "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer",
      error: () => picture.remove(),
    });
    frame.append(picture);
  }
  const price = h("strong");
  const before = h("s");
  const choice = chooser(card, context, () => showPrice());
  function showPrice(): void {
    const one = choice.chosen() ?? card;
    price.textContent = one === card ? priceOf(card, context) : context.money(one.price, card.currency);
    const was = one.list_price && Number(one.list_price) > Number(one.price) ? one.list_price : null;
    before.replaceChildren(
      ...(was ? [h("span", "sr", ` ${strings.was} `), context.money(was, card.currency)] : []),
    );
    before.hidden = !was;
  }
  showPrice();
  return h(
    "article",
    "product card",
    frame,
    h(
      "div",
      "facts",
      h("h3", { dir: "auto" }, url ? context.link(url, card.title) : card.title),
      h("p", { class: "summary", dir: "auto" }, card.summary),
      h(
        "p",
        "price",
        price,
        before,
        h("span", { class: card.in_stock ? "stock" : "stock none", dir: "auto" }, card.stock_text),
      ),
      card.reason && h("p", { class: "reason", dir: "auto" }, card.reason),
      card.in_stock && choice.element,
    ),
    ...(card.in_stock ? adding(card, choice, url, context) : [url && h("p", "primary", context.link(url, strings.view))]),
  );
}

/** Longer than any cart takes. */
const PATIENCE_MS = 20_000;

/** The button for the cart, and what came of it: as the page says, never as one would wish. */
function adding(card: ProductCard, choice: Chooser, url: URL | null, context: Context): HTMLElement[] {
  const { strings, host, fill } = context;
  const note = h("p", { class: "note-cart", dir: "auto", role: "status" });
  const toPage = () => (url ? [" ", context.link(url, strings.view)] : []);
  const say = (look: string, ...parts: (Node | string)[]) => {
    note.className = `note-cart ${look}`;
    note.replaceChildren(...parts);
  };
  const toCart = (given?: string) => {
    const cart = given ? safeUrl(given) : context.cartUrl;
    return cart ? [" ", context.link(cart, strings.viewCart)] : [];
  };
  const add = textButton("primary", strings.addToCart, async () => {
    const open = choice.missing();
    if (open) {
      say("failed", fill(strings.choose, { option: open.name }));
      return open.focus();
    }
    const { product_id, title, currency } = card;
    const chosen = choice.chosen();
    const item = {
      product_id, title, currency, quantity: 1,
      variant_id: chosen?.variant_id ?? card.variant_id ?? null,
      price: chosen?.price ?? card.price,
    };
    const asked = host.addToCart(item);
    if (asked === null) return say("", strings.noCart, ...toPage());
    if (asked === undefined) return say("", strings.passed, ...toCart());
    add.disabled = true;
    add.textContent = strings.adding;
    try {
      const answer = await Promise.race([asked, later(PATIENCE_MS)]);
      if (answer === SLOW) say("failed", strings.cartSlow, ...toCart());
      else if (answer && answer.added === false) say("failed", answer.reason || strings.notAdded, ...toPage());
      else say("done", icon(CHECK), strings.added, ...toCart((answer ?? {}).cart_url));
    } catch (error) {
      const { reason } = (error ?? {}) as { reason?: unknown };
      say("failed", typeof reason === "string" && reason ? reason : strings.notAdded, ...toPage());
    }
    add.disabled = false;
    add.textContent = strings.addToCart;
  });
  return [add, note];
}

const SLOW = Symbol("slow");

function later(ms: number): Promise<typeof SLOW> {
  return new Promise((resolve) => setTimeout(() => resolve(SLOW), ms));
}

function order(card: OrderCard, context: Context): HTMLElement {
  const { strings, fill } = context;
  const texts = (all: string[]) => all.map((text) => h("li", { dir: "auto" }, text));
  return h(
    "article",
    "order card",
    h(
      "div",
      "head",
      h("h3", "", fill(strings.order, { number: card.number })),
      h("span", { class: "status", dir: "auto" }, card.status_text),
    ),
    h("p", "muted", fill(strings.placed, { date: card.placed_on })),
    card.steps?.length
      ? h(
          "ol",
          { class: "steps", role: "list" },
          ...card.steps.map(({ title, at, state }) =>
            h(
              "li",
              { class: state, "aria-current": state === "current" && "step" },
              h("span", "mark", state === "done" && icon(CHECK)),
              h("span", { dir: "auto" }, title),
              at && h("time", "", at),
              h("span", "sr", ` (${strings[state]})`),
            ),
          ),
        )
      : null,
    h("ul", { class: "items", role: "list" }, ...texts(card.items)),
    h("p", "total", h("span", "", strings.total), h("strong", "", context.money(card.total, card.currency))),
    card.tracking &&
      h(
        "p",
        "tracking",
        h("span", "", strings.tracking),
        h("bdi", "", card.tracking),
        copyButton(() => card.tracking!.split(" ").at(-1)!, context, `${strings.copy}: ${strings.tracking}`),
      ),
    card.events.length > 0 &&
      h("details", "", h("summary", "", strings.events), h("ol", { class: "events muted", role: "list" }, ...texts(card.events))),
  );
}

/** Rows that are shown of a table; the bot's have few. */
const MOST_ROWS = 200;

export function table({ header, rows }: NonNullable<Body["table"]>, context: Context): HTMLElement {
  const cell = (tag: "td" | "th", text: string, scope: string | null) =>
    h(tag, { dir: "auto", scope }, text.slice(0, 500));
  return h(
    "div",
    { class: "table", tabindex: 0, role: "region", "aria-label": context.strings.table },
    h(
      "table",
      "",
      h("thead", "", h("tr", "", ...header.map((text) => cell(text ? "th" : "td", text, text ? "col" : null)))),
      h(
        "tbody",
        "",
        ...rows
          .slice(0, MOST_ROWS)
          .map(([first = "", ...rest]) =>
            h("tr", "", cell("th", first, "row"), ...rest.map((text) => cell("td", text, null))),
          ),
      ),
    ),
  );
}
