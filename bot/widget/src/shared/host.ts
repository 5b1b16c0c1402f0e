/** The seam between the launcher, which is always on the page, and the panel, which comes later. */

import type { CartItem, CartAnswer } from "./cart";
import type { Config } from "./config";
import type * as dom from "./dom";
import type { Strings } from "../words/en";
import type { Store } from "./store";

/** The panel's words in one of the widget's own languages. */
export type WordsOf = (language: "en" | "zh") => Promise<Strings>;

/** A line of the customer's cart. */
export interface CartLine {
  product_id: string;
  variant_id?: string;
  quantity: number;
}

/** What the shop says about the page, in place of what stands on it; see docs/widget.md. */
export interface PageContext {
  url?: string;
  title?: string;
  product_id?: string;
  variant_id?: string;
  category?: string;
  order_number?: string;
  search?: string;
  cart?: CartLine[];
  /** Questions to begin with on this page. */
  suggestions?: string[];
}

export interface Host {
  /** Where the gateway's interface begins, with a slash at the end. */
  api: string;
  /** The attributes as they stand now. */
  readonly config: Config;
  /** What `Shopguide.setContext` was told last. */
  readonly context: PageContext;
  /** The one that was chosen, or the page's. */
  readonly language: string;
  store: Store;
  element: HTMLElement;
  root: ShadowRoot;
  dom: typeof dom;
  /** A module of the widget's, by its name in dist/. */
  load<T>(name: string): Promise<T>;
  words: WordsOf;
  /** The launcher's drawing, which stands over the conversation, too. */
  drawing: string;
  /** Ends what the panel listens to, when the widget goes. */
  gone: AbortSignal;
  /** Tells the page; false when a listener called preventDefault(). */
  emit(name: string, detail?: object): boolean;
  /** Asks the page to put it into its cart; null when nobody answers, undefined when it was taken without a word. */
  addToCart(item: CartItem): Promise<CartAnswer | void> | null | undefined;
  /** Brings the launcher up to date: its label, the badge, whether the panel is open. */
  show(state: { open?: boolean; unread?: number; language?: string; labels?: Partial<LauncherLabels> }): void;
  /** The customer chose a language in the menu. */
  choose(language: string): void;
}

export interface LauncherLabels {
  open: string;
  close: string;
  unread: string;
}

export interface Panel {
  /** `byUser`: the customer asked for it, so the focus may move in. */
  open(byUser: boolean): void;
  close(): void;
  send(text: string): void;
  identify(identity: string): Promise<void>;
  /** The page, its language, or what it says of itself has changed. */
  refresh(): Promise<void>;
  /** The element was put into the page anew. */
  moved(): void;
  destroy(): void;
}
