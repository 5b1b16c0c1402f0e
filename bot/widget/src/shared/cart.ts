/** How a card's button asks the page to put something into its cart, and how the page answers. */

export interface CartItem {
  product_id: string;
  variant_id: string | null;
  quantity: number;
  title: string;
  price: string;
  currency: string;
}

/** What the page may say about it; nothing at all is a yes. */
export interface CartAnswer {
  added?: boolean;
  /** For the customer, when it was not added. */
  reason?: string;
  cart_url?: string;
}

export type CartHandler = (item: CartItem) => CartAnswer | void | Promise<CartAnswer | void>;

/** The event of a card's button. `respondWith` takes the page's answer, or a promise of it. */
export interface CartEvent extends CustomEvent<CartItem> {
  respondWith(answer: ReturnType<CartHandler>): void;
}

/** Let `handler` answer the cards' buttons; the function that is returned ends it. */
export function answerCart(handler: CartHandler): () => void {
  const listener = (event: Event) =>
    (event as CartEvent).respondWith((async () => handler((event as CartEvent).detail))());
  document.addEventListener("shopguide:add-to-cart", listener);
  return () => document.removeEventListener("shopguide:add-to-cart", listener);
}
