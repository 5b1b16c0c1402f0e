/** The adapters, against small servers that behave as the shop systems' documentation says. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { add as addToShopify } from "../src/adapters/shopify";
import { answerCart, type CartItem } from "../src/shared/cart";

const item = (ids: Partial<CartItem>): CartItem => ({
  product_id: "1", variant_id: null, quantity: 1, title: "Tent", price: "9", currency: "EUR", ...ids,
});

const json = (status: number, body: unknown, headers = {}) => Response.json(body, { status, headers });

describe("Shopify", () => {
  const stock: Record<number, number> = { 41: 1 };
  let cart: { id: number; quantity: number }[];
  let asked: string[];

  beforeEach(() => {
    cart = [];
    asked = [];
    vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
      asked.push(`${init.method ?? "GET"} ${url}`);
      if (url === "/en-gb/cart.js") return json(200, { item_count: cart.length, items: cart });
      if (url !== "/en-gb/cart/add.js") return json(404, {});
      const { items } = JSON.parse(String(init.body)) as { items: { id: number; quantity: number }[] };
      const [{ id, quantity }] = items as [{ id: number; quantity: number }];
      if (!(id in stock)) return json(404, { status: 404, message: "Cart Error", description: "Cannot find variant" });
      if (cart.some((line) => line.id === id)) {
        return json(422, { status: 422, message: "Cart Error", description: "The maximum quantity of this item is already in your cart." });
      }
      cart.push({ id, quantity });
      return json(200, { items: cart });
    });
    Object.assign(window, { Shopify: { routes: { root: "/en-gb/" } } });
  });

  test("a variant, by its number or its global name; the theme is told of the cart", async () => {
    const told = vi.fn();
    document.addEventListener("shopguide:cart", (event) => told((event as CustomEvent).detail), { once: true });
    expect(await addToShopify(item({ variant_id: "gid://shopify/ProductVariant/41" }))).toEqual({ cart_url: "/en-gb/cart" });
    expect(cart).toEqual([{ id: 41, quantity: 1 }]);
    expect(asked).toEqual(["POST /en-gb/cart/add.js", "GET /en-gb/cart.js"]);
    expect(told).toHaveBeenCalledWith({ item_count: 1, items: cart });
  });

  test("the shop's reason, when there are no more", async () => {
    await addToShopify(item({ variant_id: "41" }));
    expect(await addToShopify(item({ variant_id: "41" }))).toEqual({
      added: false, reason: "The maximum quantity of this item is already in your cart.",
    });
  });

  test("without a variant nothing is asked for", async () => {
    expect(await addToShopify(item({}))).toEqual({ added: false });
    expect(asked).toEqual([]);
  });
});

describe("WooCommerce", () => {
  let good: string;
  let asked: string[];
  let added: object[];
  let add: (item: CartItem) => Promise<object>;

  beforeEach(async () => {
    good = "n1";
    asked = [];
    added = [];
    const link = document.createElement("link");
    link.rel = "https://api.w.org/";
    link.href = "https://shop.example/blog/wp-json/";
    document.head.replaceChildren(link);
    vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
      const path = url.replace("https://shop.example/blog/wp-json/wc/store/v1/", "");
      asked.push(`${init.method ?? "GET"} ${path}`);
      if (path === "cart") return json(200, { items: [] }, { Nonce: good });
      if (path !== "cart/add-item") return json(404, { code: "rest_no_route" });
      const nonce = new Headers(init.headers).get("Nonce");
      if (!nonce) return json(401, { code: "woocommerce_rest_missing_nonce", message: "Missing the Nonce header.", data: { status: 401 } });
      if (nonce !== good) return json(403, { code: "woocommerce_rest_invalid_nonce", message: "Nonce is invalid.", data: { status: 403 } });
      const body = JSON.parse(String(init.body)) as { id: number };
      if (body.id === 13) {
        const message = "You cannot add &quot;Tent&quot; to the cart because the product is out of stock. <a href='/x'>More</a>";
        return json(400, { code: "woocommerce_rest_product_out_of_stock", message, data: { status: 400 } });
      }
      added.push(body);
      return json(201, { items_count: added.length }, { Nonce: good });
    });
    vi.resetModules();
    ({ add } = await import("../src/adapters/woocommerce"));
  });

  test("a variation by its own number, with the nonce of the cart; the page is told", async () => {
    const told = vi.fn();
    document.body.addEventListener("wc-blocks_added_to_cart", told, { once: true });
    expect(await add(item({ variant_id: "77" }))).toEqual({});
    expect(added).toEqual([{ id: 77, quantity: 1 }]);
    expect(told).toHaveBeenCalledOnce();
    await add(item({ product_id: "5" }));
    expect(asked).toEqual(["GET cart", "POST cart/add-item", "POST cart/add-item"]);
  });

  test("a nonce that has run out is fetched anew, once", async () => {
    await add(item({ product_id: "5" }));
    good = "n2";
    expect(await add(item({ product_id: "6" }))).toEqual({});
    expect(asked.slice(2)).toEqual(["POST cart/add-item", "GET cart", "POST cart/add-item"]);
  });

  test("the shop's reason, as plain text", async () => {
    expect(await add(item({ product_id: "13" }))).toEqual({
      added: false, reason: 'You cannot add "Tent" to the cart because the product is out of stock. More',
    });
  });
});

describe("a function of the page's own", () => {
  const press = () => {
    let answer: Promise<unknown> | null = null;
    const event = Object.assign(new CustomEvent("shopguide:add-to-cart", { detail: item({ variant_id: "v" }) }), {
      respondWith: (given: unknown) => (answer = Promise.resolve(given)),
    });
    document.dispatchEvent(event);
    return answer as Promise<unknown> | null;
  };
  let off = () => {};
  afterEach(() => off());

  test("gets the variant, and answers with what it returns or throws", async () => {
    const handler = vi.fn(() => ({ cart_url: "/bag" }));
    off = answerCart(handler);
    await expect(press()).resolves.toEqual({ cart_url: "/bag" });
    expect(handler).toHaveBeenCalledWith(item({ variant_id: "v" }));
    off();
    off = answerCart(() => {
      throw new Error("no");
    });
    await expect(press()).rejects.toThrow("no");
  });
});
