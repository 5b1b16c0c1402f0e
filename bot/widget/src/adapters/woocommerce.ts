/**
 * Cards' buttons on a WooCommerce shop: the Store API, with the nonce that it hands out.
 * https://developer.woocommerce.com/docs/apis/store-api/
 */

import { answerCart, type CartAnswer, type CartItem } from "../shared/cart";

let nonce: string | null = null;

/** Where WordPress has its interface: a page says so in its head; a shop may lie in a folder. */
function root(): string {
  const link = document.querySelector<HTMLLinkElement>('link[rel="https://api.w.org/"]');
  return `${link?.href ?? new URL("/wp-json/", location.href).href}wc/store/v1/`;
}

export async function add({ product_id, variant_id, quantity }: CartItem): Promise<CartAnswer> {
  // A variation is a product with a number of its own.
  const id = Number(variant_id ?? product_id);
  if (!id) return { added: false };
  let answer = await post(id, quantity);
  if (answer.status === 401 || answer.status === 403) {
    nonce = null; // twelve hours have passed, or the customer signed in
    answer = await post(id, quantity);
  }
  nonce = answer.headers.get("Nonce") ?? nonce;
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as { message?: unknown };
    const tells = answer.status < 500 && answer.status !== 401 && answer.status !== 403;
    return { added: false, ...(tells && typeof said.message === "string" && { reason: plain(said.message) }) };
  }
  // The blocks listen to the one, older themes to the other.
  document.body.dispatchEvent(new CustomEvent("wc-blocks_added_to_cart", { bubbles: true }));
  const { jQuery } = window as { jQuery?: (on: Element) => { trigger(name: string): void } };
  jQuery?.(document.body).trigger("wc_fragment_refresh");
  return {};
}

async function post(id: number, quantity: number): Promise<Response> {
  nonce ??= (await fetch(`${root()}cart`, { credentials: "same-origin" })).headers.get("Nonce");
  return fetch(`${root()}cart/add-item`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", ...(nonce && { Nonce: nonce }) },
    body: JSON.stringify({ id, quantity }),
  });
}

const NAMED: Record<string, string> = { amp: "&", quot: '"', lt: "<", gt: ">", nbsp: " " };

/** Messages come as a page would show them. */
function plain(message: string): string {
  return message
    .replace(/<[^>]*>/g, "")
    .replace(/&(?:#(\d{1,6})|(\w+));/g, (whole, number?: string, name?: string) =>
      number ? String.fromCodePoint(Number(number)) : (NAMED[name!] ?? whole),
    );
}

answerCart(add);
