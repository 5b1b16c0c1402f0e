/**
 * Cards' buttons on a Shopify theme: its Ajax cart, at the root of the shopper's language.
 * https://shopify.dev/docs/api/ajax/reference/cart
 */

import { answerCart, type CartAnswer, type CartItem } from "../shared/cart";

export async function add({ variant_id, quantity }: CartItem): Promise<CartAnswer> {
  const { Shopify } = window as { Shopify?: { routes?: { root?: string } } };
  const root = Shopify?.routes?.root ?? "/";
  // The interface takes the variant's number; exports name it gid://shopify/ProductVariant/NUMBER.
  const id = Number(/\d+$/.exec(variant_id ?? "")?.[0]);
  if (!id) return { added: false };
  const answer = await fetch(`${root}cart/add.js`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ items: [{ id, quantity }] }),
  });
  if (!answer.ok) {
    // 422: sold out, or no more than there are; `description` is a sentence in the shop's language.
    const said = (await answer.json().catch(() => ({}))) as { description?: unknown };
    return { added: false, ...(typeof said.description === "string" && { reason: said.description }) };
  }
  // The theme shows its count and its drawer by the cart as it is now.
  const cart: unknown = await fetch(`${root}cart.js`, { headers: { Accept: "application/json" } }).then(
    (told) => (told.ok ? told.json() : null),
    () => null,
  );
  document.dispatchEvent(new CustomEvent("shopguide:cart", { detail: cart }));
  return { cart_url: `${root}cart` };
}

answerCart(add);
