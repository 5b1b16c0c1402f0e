/** The script on the shop's page: a button, and the door to the panel behind it. */

import { answerCart, type CartAnswer, type CartEvent, type CartHandler, type CartItem } from "../shared/cart";
import type { Config } from "../shared/config";
import { addStyles, h, icon } from "../shared/dom";
import type { Host, LauncherLabels, PageContext, Panel } from "../shared/host";
import { BUBBLE, DOWN } from "../shared/icons";
import { Store } from "../shared/store";
import type { Strings } from "../words/en";
import css from "./launcher.css?inline";

declare const __VERSION__: string;

const NAME = "shopguide-widget";
const ZH = {
  open: "打开客服", close: "收起客服", unread: "{n} 条未读",
  opening: "正在打开…", offline: "网络似乎断开了，请检查后重试。", retry: "重试",
};
const EN = {
  open: "Open the chat", close: "Close the chat", unread: "{n} unread",
  opening: "Opening…", offline: "There seems to be no connection. Please try again.", retry: "Try again",
};
/** Pages on which the way to pay must stay free, where the shop does not say which its cart is. */
const CART = /\/(cart|basket|checkout)s?\b/i;
const LONGEST_TEXT = 2_000;

type Handler = (detail: unknown, event: Event) => void;

function start(first: HTMLScriptElement): void {
  const { src } = first;
  if (!customElements.get(NAME)) customElements.define(NAME, class extends HTMLElement {});
  /** The line as it stands on the page now: a page that is swapped brings its own. */
  const line = (): HTMLScriptElement =>
    first.isConnected ? first : ([...document.scripts].findLast((one) => one.src === src) ?? first);
  const config = (): Config => line().dataset;
  const api = new URL("api/v1/", src).href;
  const store = new Store(`shopguide ${api}`);
  const gone = new AbortController();
  const element = document.createElement(NAME);
  const root = element.attachShadow({ mode: "open" });
  addStyles(root, css);
  const night = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const { theme, position } = config();
    element.toggleAttribute("dark", theme === "dark" || (theme !== "light" && night.matches));
    element.toggleAttribute("left", position === "left");
  };
  night.addEventListener("change", paint, { signal: gone.signal });
  paint();

  let said: string | undefined;
  let context: PageContext = {};
  /** The shop's own word on the language. */
  const wanted = () => {
    const { language } = config();
    return said || (language !== "auto" && language) || document.documentElement.lang || navigator.language;
  };
  const language = () => {
    const chosen = store.get("chosen");
    // Whoever switches the shop's own language afterwards means the assistant, too.
    if (chosen?.over === wanted()) return chosen.language;
    store.set("chosen", undefined);
    return wanted();
  };
  const own = () => (language().startsWith("zh") ? ZH : EN);
  let labels: LauncherLabels;
  let open = false;
  let unread = store.get("unread") ?? 0;
  const badge = h("span", { class: "badge", "aria-hidden": "true" });
  const button = h(
    "button",
    { class: "launcher", type: "button", "aria-haspopup": "dialog", click: () => (open || frame ? close() : void show(true).catch(() => {})) },
    icon(BUBBLE),
    icon(DOWN),
    badge,
  );
  root.append(button);

  const host: Host = {
    api,
    get config() {
      return config();
    },
    get context() {
      return context;
    },
    get language() {
      return language();
    },
    store,
    element,
    root,
    dom: { addStyles, h, icon },
    load: (name) =>
      import(/* @vite-ignore */ new URL(`widget/${name}.js?v=${__VERSION__}${tries ? `&try=${tries}` : ""}`, src).href),
    words: async (name) => (await host.load<{ default: Strings }>(`words-${name}`)).default,
    drawing: BUBBLE,
    gone: gone.signal,
    emit: (name, detail = {}) =>
      document.dispatchEvent(new CustomEvent(`shopguide:${name}`, { detail, cancelable: true })),
    addToCart(detail: CartItem) {
      let answer: Promise<CartAnswer | void> | null = null;
      const event = Object.assign(new CustomEvent("shopguide:add-to-cart", { detail, cancelable: true }), {
        respondWith(given: ReturnType<CartHandler>) {
          answer ??= Promise.resolve(given);
          event.preventDefault();
        },
      }) as CartEvent;
      const free = document.dispatchEvent(event);
      return answer ?? (free ? null : undefined);
    },
    show(state) {
      open = state.open ?? open;
      unread = state.unread ?? unread;
      if (state.language) {
        const { label } = config();
        labels = { ...own(), ...state.labels, ...(label && { open: label }) };
      }
      badge.hidden = !unread;
      badge.dataset.count = unread > 99 ? "99+" : String(unread);
      const count = unread ? ` (${labels.unread.replace("{n}", String(unread))})` : "";
      button.setAttribute("aria-label", (open ? labels.close : labels.open) + count);
      button.setAttribute("aria-expanded", String(open));
    },
    choose: (language) => store.set("chosen", { language, over: wanted() }),
  };
  host.show({ language: language() });

  let loading: Promise<Panel> | null = null;
  // A browser may remember that a module could not be loaded: each try has an address of its own.
  let tries = 0;
  function panel(): Promise<Panel> {
    button.setAttribute("aria-busy", "true");
    if (!loading) void host.words(language().startsWith("zh") ? "zh" : "en").catch(() => {}); // on its way at once
    loading ??= host
      .load<{ start(host: Host): Promise<Panel> }>("panel")
      .then((module) => module.start(host))
      .catch((error: unknown) => {
        loading = null; // the next click tries again
        tries++;
        throw error;
      })
      .finally(() => button.removeAttribute("aria-busy"));
    return loading;
  }

  /** What stands in the panel's place until it is there. */
  let frame: HTMLElement | null = null;
  function wait(text: string, retry?: () => void): void {
    const words = h("p", { role: "status" }, text);
    const inside = [retry ? "" : h("i"), words, retry ? h("button", { type: "button", click: retry }, own().retry) : ""];
    frame ??= root.appendChild(h("div", { class: "frame" }));
    frame.lang = language();
    frame.replaceChildren(...inside);
  }
  function unframe(): void {
    frame?.remove();
    frame = null;
  }

  async function show(byUser: boolean): Promise<void> {
    let there = false;
    if (byUser) wait(own().opening);
    try {
      const loaded = await panel();
      there = true;
      if (byUser && !frame) return; // closed meanwhile
      loaded.open(byUser);
      unframe();
    } catch (error) {
      if (byUser && frame && !there) wait(own().offline, () => void show(true).catch(() => {}));
      else unframe();
      throw error;
    }
  }
  function close(): void {
    unframe();
    void loading?.then((there) => there.close(), () => {});
  }
  const refresh = async (): Promise<void> => {
    paint();
    host.show({ language: language() });
    await (await loading)?.refresh();
  };

  const Shopguide = {
    /** The script's own mark: another one on the page stands back. */
    src,
    open: () => show(false),
    close,
    async send(text: string) {
      if (typeof text !== "string" || !text.trim() || text.length > LONGEST_TEXT) {
        throw new TypeError(`Shopguide.send takes a text of 1 to ${LONGEST_TEXT} characters.`);
      }
      (await panel()).send(text.trim());
    },
    async identify(identity: string) {
      if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(identity)) {
        throw new TypeError("Shopguide.identify takes a JWT: three parts with dots between them.");
      }
      await (await panel()).identify(identity);
    },
    on(name: string, handler: Handler): () => void {
      const listener = (event: Event) => handler((event as CustomEvent).detail, event);
      document.addEventListener(`shopguide:${name}`, listener);
      return () => document.removeEventListener(`shopguide:${name}`, listener);
    },
    onAddToCart: answerCart,
    setContext(next: PageContext | null) {
      context = { ...next };
      return refresh();
    },
    setLanguage(next: string) {
      said = next;
      return refresh();
    },
    hide() {
      close();
      element.hidden = true;
    },
    show() {
      element.hidden = false;
    },
    async destroy() {
      const there = loading;
      gone.abort();
      watching.disconnect();
      element.remove();
      if ((window as { Shopguide?: unknown }).Shopguide === Shopguide) delete (window as { Shopguide?: unknown }).Shopguide;
      (await there?.catch(() => null))?.destroy();
    },
    /** A page that was swapped has run its own line. */
    refresh,
  };
  Object.assign(window, { Shopguide });

  // Beside the body, not in it: pages swap their body, and move it about.
  function mount(): void {
    if (element.isConnected || gone.signal.aborted) return;
    document.documentElement.append(element);
    // By the size of letters that the reader chose in the browser, whatever the page makes of it.
    const letters = parseFloat(getComputedStyle(element).fontSize) / 16;
    if (letters > 0) element.style.setProperty("--letters", String(letters));
    watching.observe(document.documentElement, { childList: true });
    void loading?.then((there) => there.moved(), () => {});
  }
  const watching = new MutationObserver(mount);
  watching.observe(document, { childList: true });
  function begin(): void {
    mount();
    // Something is under way: an answer, a message not sent yet, a person who may write.
    const { cartUrl = store.get("cartUrl") } = config();
    const paying = CART.test(location.pathname) || (cartUrl && new URL(cartUrl, document.baseURI).pathname === location.pathname);
    const underWay = unread || store.outbox().length || store.get("handedOff");
    if (store.open && innerWidth > 640 && !paying) void show(false).catch(() => {});
    else if (underWay) void panel().catch(() => {});
  }
  if (document.body && document.readyState !== "loading") begin();
  else document.addEventListener("DOMContentLoaded", begin, { signal: gone.signal });
}

// A module has no currentScript: then it is the line that bears the file's name.
const script =
  (document.currentScript as HTMLScriptElement | null) ??
  [...document.scripts].findLast(({ src }) => /\/widget\.js([?#]|$)/.test(src));
const there = (window as { Shopguide?: { src?: string; refresh?(): Promise<void> } }).Shopguide;
if (!script) console.error("Shopguide: the script's own line was not found; name the file widget.js.");
else if (!there?.refresh) start(script);
else if (there.src === script.src && ![...document.scripts].some((one) => one !== script && one.src === script.src)) {
  void there.refresh(); // the page was swapped, its line stands for the earlier one
} else console.warn("Shopguide: the script stands on this page twice; the second one is not used.");
