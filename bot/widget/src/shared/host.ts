/** The seam between the launcher, which is always on the page, and the panel, which comes later. */

import type { Config } from "./config";
import type * as dom from "./dom";
import type { Store } from "./store";

export interface Host {
  /** Where the gateway's interface begins, with a slash at the end. */
  api: string;
  config: Config;
  /** The one that was chosen, or the page's. */
  language: string;
  store: Store;
  element: HTMLElement;
  root: ShadowRoot;
  dom: typeof dom;
  /** Tells the page; false when a listener called preventDefault(). */
  emit(name: string, detail?: object): boolean;
  /** Brings the launcher up to date: its label, the badge, whether the panel is open. */
  show(state: { open?: boolean; unread?: number; language?: string; labels?: Partial<LauncherLabels> }): void;
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
}
