/** Products, orders and tables. */

import { h, icon } from "./dom";
import { BAG, CHECK, LEFT, RIGHT } from "../shared/icons";
import { iconButton, textButton } from "./buttons";
import type { Context } from "./context";
import { copyButton } from "./copying";
import { safeImage, safeUrl } from "./text";
import type { Body, OrderCard, ProductCard } from "./types";

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
  const was = card.list_price && Number(card.list_price) > Number(card.price) ? card.list_price : null;
  const add = textButton("primary", strings.addToCart, () => {
    // A page that has a cart takes the event and calls preventDefault(); else its page is opened.
    const { product_id, title, price, currency } = card;
    if (context.host.emit("add-to-cart", { product_id, title, price, currency })) {
      if (url && context.host.emit("link", { url: url.href })) location.assign(url.href);
      return;
    }
    add.replaceChildren(icon(CHECK), strings.added);
    context.announce(`${card.title}: ${strings.added}`);
    setTimeout(() => add.replaceChildren(strings.addToCart), 2_500);
  });
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
        h("strong", "", context.money(card.price, card.currency)),
        was && h("span", "sr", ` ${strings.was} `),
        was && h("s", "", context.money(was, card.currency)),
        h("span", { class: card.in_stock ? "stock" : "stock none", dir: "auto" }, card.stock_text),
      ),
      card.reason && h("p", { class: "reason", dir: "auto" }, card.reason),
    ),
    card.in_stock ? add : url && h("p", "primary", context.link(url, strings.view)),
  );
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
