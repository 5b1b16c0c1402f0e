/** Where the customer is, by the shop's word and by the page's own. */

import { beforeEach, expect, test } from "vitest";
import { placeOf, readPage } from "../src/panel/page";

const ld = (thing: object) => {
  const script = document.createElement("script");
  script.type = "application/ld+json";
  script.textContent = JSON.stringify(thing);
  document.head.append(script);
};
const meta = (property: string, content: string) => {
  const tag = document.createElement("meta");
  tag.setAttribute("property", property);
  tag.content = content;
  document.head.append(tag);
};
const read = (config = {}, told = {}) => readPage(config, told, "en");

beforeEach(() => {
  document.head.replaceChildren();
  document.title = "(2) Tent · Shop";
  history.replaceState({}, "", "/products/tent?colour=red&reset_token=abc#reviews");
});

test("an ordinary page: its address without secrets, its title, the widget's language", () => {
  expect(read()).toEqual({ url: "https://shop.example/products/tent?colour=red", title: "Tent · Shop", language: "en" });
});

test.each([
  [{ sku: "T-2" }, "T-2"],
  [{ productID: "77", sku: "T-2" }, "77"],
  [{ "@id": "https://shop.example/p/1#product" }, "https://shop.example/p/1#product"],
  [{ url: "https://shop.example/p/1" }, "https://shop.example/p/1"],
  [{ sku: 4711 }, "4711"],
])("JSON-LD product %j", (ids, expected) => {
  ld({ "@graph": [{ "@type": "WebSite" }, { "@type": ["Product"], name: "Tent", ...ids }] });
  expect(read()).toMatchObject({ product_id: expected, title: "Tent" });
});

test("a product group goes before its variants", () => {
  ld([{ "@type": "ProductGroup", productGroupID: "g", name: "Tent" }, { "@type": "Product", sku: "a" }, { "@type": "Product", sku: "b" }]);
  expect(read().product_id).toBe("g");
});

test("a list of products names none, but for the one at the page's address", () => {
  ld([{ "@type": "Product", sku: "a", url: "/products/a" }, { "@type": "Product", sku: "b", url: "/products/b" }]);
  expect(read().product_id).toBeUndefined();
  ld({ "@type": "https://schema.org/Product", sku: "tent", url: "/products/tent" });
  expect(read().product_id).toBe("tent");
});

test("the category is the last crumb before the product", () => {
  const crumbs = (...names: string[]) => ({ "@type": "BreadcrumbList", itemListElement: names.map((name, at) => ({ position: at + 1, item: { name } })) });
  ld(crumbs("Home", "Tents", "Tent"));
  expect(read().category).toBe("Tent");
  ld({ "@type": "Product", name: "Tent", sku: "t" });
  expect(read().category).toBe("Tents");
  document.head.replaceChildren();
  ld(crumbs("Home"));
  expect(read().category).toBeUndefined();
});

test("what was searched for, as the page's search action says", () => {
  ld({
    "@type": "WebSite",
    potentialAction: { "@type": "SearchAction", target: { urlTemplate: "https://shop.example/find?words={words}" }, "query-input": "required name=words" },
  });
  expect(read().search).toBeUndefined();
  history.replaceState({}, "", "/find?words=red+tent");
  expect(read().search).toBe("red tent");
});

test("Open Graph where there is no JSON-LD", () => {
  meta("og:type", "product");
  meta("og:title", "Tent");
  meta("product:retailer_item_id", "T-2");
  expect(read()).toMatchObject({ product_id: "T-2", title: "Tent" });
});

test("the shop's word goes first: what it told, then the attributes", () => {
  ld({ "@type": "Product", sku: "ld", name: "Tent" });
  expect(read({ product: "p", variant: "v", category: "c", order: "o", search: "s" })).toMatchObject({
    product_id: "p", variant_id: "v", category: "c", order_number: "o", search: "s",
  });
  expect(read({ product: "p" }, { product_id: "told", suggestions: ["?"] })).toMatchObject({ product_id: "told" });
  expect(read({}, { suggestions: ["?"] })).not.toHaveProperty("suggestions");
});

test("everything is bounded", () => {
  const cart = Array.from({ length: 80 }, (_, at) => ({ product_id: `p${at}`, quantity: at === 0 ? 0 : 2 }));
  const page = read({ product: "x".repeat(201), category: "c".repeat(200) }, { title: "t".repeat(600), cart });
  expect(page.product_id).toBeUndefined();
  expect([page.category!.length, page.title!.length, page.cart!.length]).toEqual([200, 500, 49]);
  expect(read({}, { cart: [{ product_id: "p", quantity: 5_000 }] }).cart).toEqual([{ product_id: "p", quantity: 1_000 }]);
  expect(read({}, { cart: [] }).cart).toEqual([]);
  const long = cart.map(() => ({ product_id: "字".repeat(190), variant_id: "字".repeat(190), quantity: 1 }));
  expect(read({}, { cart: long }).cart).toBeUndefined();
  expect(new TextEncoder().encode(JSON.stringify(read({}, { cart: long }))).length).toBeLessThan(8_000);
});

test("nonsense on the page does no harm", () => {
  const script = document.createElement("script");
  script.type = "application/ld+json";
  script.textContent = "{not json";
  document.head.append(script);
  ld({ "@type": "Product", sku: { a: 1 }, name: ["x"] });
  ld({ "@type": "BreadcrumbList", itemListElement: "x" });
  ld({ potentialAction: null });
  expect(read({}, { cart: [null, "x", { product_id: 7, quantity: "2" }] as never }).cart).toEqual([{ product_id: "7", quantity: 2 }]);
  expect(placeOf(read())).toBe("https://shop.example/products/tent?colour=red");
});
