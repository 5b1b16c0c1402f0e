/**
 * Where the customer is: what the shop says, else what the page says of itself to search engines
 * (JSON-LD) and to other sites (Open Graph). Read anew for each message, for pages change without
 * being loaded. The gateway takes it for a hint and looks everything up.
 */

import type { Config } from "../shared/config";
import type { CartLine, PageContext } from "../shared/host";

export interface Page {
  url?: string;
  title?: string;
  language?: string;
  product_id?: string;
  variant_id?: string;
  category?: string;
  order_number?: string;
  search?: string;
  cart?: CartLine[];
}

// The gateway's bounds.
const SHORT = 200;
const LONG = 500;
const MOST_LINES = 50;
const MOST_PIECES = 1_000;
const MOST_BYTES = 8_000;
/** Blocks of JSON-LD larger than this are no product's. */
const MOST_JSON = 200_000;
/** Parts of an address that may let somebody in. */
const SECRET = /token|secret|session|passw|mail|auth|signature|code|key/i;

type Thing = Record<string, unknown>;

export function readPage(config: Config, told: PageContext, language: string): Page {
  const found = onPage();
  const { suggestions: _, cart, ...spoken } = told;
  const attributes: Page = fill({
    product_id: config.product, variant_id: config.variant, category: config.category,
    order_number: config.order, search: config.search,
  });
  // What the shop says of the product stands alone: the page's own word may mean another.
  if (spoken.product_id || attributes.product_id) {
    delete found.product_id;
    delete found.variant_id;
  }
  const page: Page = {
    url: address(),
    title: document.title.replace(/^\(\d+\+?\) /, ""),
    ...found,
    ...attributes,
    ...fill(spoken),
    language,
  };
  return bounded(page, cart);
}

/** Whether two readings are of the same place; the panel shows another product then. */
export function placeOf({ product_id, url }: Page): string {
  return product_id ?? url ?? "";
}

function fill(page: Record<string, unknown>): Page {
  const texts = Object.entries(page).map(([key, value]) => [key, text(value)] as const);
  return Object.fromEntries(texts.filter(([, value]) => value));
}

/** Ids are written as numbers, too. */
function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : "";
}

function bounded(page: Page, cart: unknown): Page {
  const short: Page = {};
  for (const [key, value] of Object.entries(page) as [keyof Page, string][]) {
    const most = key === "url" || key === "title" ? LONG : SHORT;
    // Half an address, or half an id, is another one.
    if (!value || (value.length > most && key !== "title")) continue;
    Object.assign(short, { [key]: value.slice(0, most) });
  }
  if (!Array.isArray(cart)) return short;
  const whole = { ...short, cart: cart.slice(0, MOST_LINES).flatMap(cartLine) };
  return new TextEncoder().encode(JSON.stringify(whole)).length <= MOST_BYTES ? whole : short;
}

function cartLine(line: Partial<CartLine> | null): CartLine[] {
  const [product_id, variant_id] = [text(line?.product_id), text(line?.variant_id)];
  const quantity = Math.trunc(Number(line?.quantity ?? 1));
  if (!product_id || product_id.length > SHORT || variant_id.length > SHORT || !(quantity > 0)) return [];
  return [{ product_id, ...(variant_id && { variant_id }), quantity: Math.min(quantity, MOST_PIECES) }];
}

/** The page's address, without what may let somebody in. */
function address(): string {
  const url = new URL(location.href);
  url.hash = "";
  for (const name of [...url.searchParams.keys()]) if (SECRET.test(name)) url.searchParams.delete(name);
  return url.href;
}

function onPage(): Page {
  const things = jsonLd();
  const page: Page = {};
  const product = theProduct(things);
  if (product) Object.assign(page, fill({ ...productIds(product), title: product.name }));
  else if (/^(og:)?product/.test(meta("og:type"))) {
    Object.assign(page, fill({ product_id: meta("product:retailer_item_id") || meta("og:url"), title: meta("og:title") }));
  }
  const crumbs = things.find((thing) => isA(thing, "BreadcrumbList"))?.itemListElement;
  if (Array.isArray(crumbs)) {
    const names = [...(crumbs as Thing[])]
      .sort((one, other) => Number(one.position) - Number(other.position))
      .map(({ name, item }) => text(name) || text((item as Thing | null)?.name));
    // On a product's page the last crumb is the product itself.
    const last = product && names.at(-1) === text(product.name) ? -2 : -1;
    // The first is the shop.
    if (names.length > 1 && names.at(last) && names.length + last > 0) page.category = names.at(last)!;
  }
  const sought = search(things);
  if (sought) page.search = sought;
  return page;
}

function meta(name: string): string {
  const tag = document.querySelector(`meta[property="${name}"], meta[name="${name}"]`);
  return tag?.getAttribute("content")?.trim() ?? "";
}

/** Everything that the page says of itself, out of its lists and graphs. */
function jsonLd(): Thing[] {
  const things: Thing[] = [];
  const take = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(take);
    else if (value && typeof value === "object") {
      things.push(value as Thing);
      take((value as Thing)["@graph"]);
      take((value as Thing).mainEntity);
      take((value as Thing).breadcrumb);
    }
  };
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    const json = script.textContent ?? "";
    if (json.length > MOST_JSON) continue;
    try {
      take(JSON.parse(json));
    } catch {
      // A page's fault that its owner hears of elsewhere.
    }
  }
  return things;
}

function isA(thing: Thing, type: string): boolean {
  return [thing["@type"]].flat().some((one) => text(one).replace(/^https?:\/\/schema\.org\//, "") === type);
}

/** The product that the page is about: the only one, or the one at its address. */
function theProduct(things: Thing[]): Thing | undefined {
  const products = things.filter((thing) => isA(thing, "Product") || isA(thing, "ProductGroup"));
  if (products.length < 2) return products[0];
  const groups = products.filter((thing) => isA(thing, "ProductGroup"));
  if (groups.length === 1) return groups[0];
  return products.find((thing) => [thing.url, thing["@id"]].some((one) => isHere(text(one))));
}

function isHere(url: string): boolean {
  try {
    const { origin, pathname } = new URL(url, document.baseURI);
    return Boolean(url) && origin === location.origin && pathname === location.pathname;
  } catch {
    return false;
  }
}

function productIds(product: Thing): Page {
  const chosen = [product.productGroupID, product.productID, product.sku, product["@id"], product.url].map(text).find(Boolean);
  return { ...(chosen && { product_id: chosen }) };
}

/** What was searched for, by the page's own word on how its search is addressed. */
function search(things: Thing[]): string {
  for (const thing of things) {
    for (const action of [thing.potentialAction].flat() as (Thing | null | undefined)[]) {
      if (!action || !isA(action, "SearchAction")) continue;
      const template = text(action.target) || text((action.target as Thing | null)?.urlTemplate);
      const place = text(action["query-input"]).match(/name=([\w-]+)/)?.[1] ?? "search_term_string";
      try {
        const url = new URL(template.replace(`{${place}}`, "SHOPGUIDE"), document.baseURI);
        const name = [...url.searchParams].find(([, value]) => value === "SHOPGUIDE")?.[0];
        if (name && isHere(url.href)) return new URLSearchParams(location.search).get(name)?.trim() ?? "";
      } catch {
        // No address.
      }
    }
  }
  return "";
}
