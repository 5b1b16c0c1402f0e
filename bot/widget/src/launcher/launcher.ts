/** The script on the shop's page: a button, and the door to the panel behind it. */

import type { Config } from "../shared/config";
import { addStyles, h, icon } from "../shared/dom";
import type { Host, LauncherLabels, Panel } from "../shared/host";
import { BUBBLE, DOWN } from "../shared/icons";
import { Store } from "../shared/store";
import css from "./launcher.css?inline";

declare const __PANEL_VERSION__: string;

const NAME = "shopguide-widget";
const ZH = { open: "打开客服", close: "收起客服", unread: "{n} 条未读" };
const EN = { open: "Open the chat", close: "Close the chat", unread: "{n} unread" };

type Handler = (detail: unknown, event: Event) => void;

function start(script: HTMLScriptElement): void {
  customElements.define(NAME, class extends HTMLElement {});
  const config: Config = script.dataset;
  const api = new URL("api/v1/", script.src).href;
  const store = new Store(`shopguide ${api}`);
  const element = document.createElement(NAME);
  const root = element.attachShadow({ mode: "open" });
  addStyles(root, css);
  element.toggleAttribute("left", config.position === "left");
  const night = matchMedia("(prefers-color-scheme: dark)");
  const paint = () =>
    element.toggleAttribute("dark", config.theme === "dark" || (config.theme !== "light" && night.matches));
  night.addEventListener("change", paint);
  paint();

  const wanted = config.language === "auto" ? "" : config.language;
  const language = store.get("language") || wanted || document.documentElement.lang || navigator.language;
  let labels: LauncherLabels;
  let open = false;
  let unread = store.get("unread") ?? 0;
  const badge = h("span", { class: "badge", "aria-hidden": "true" });
  const button = h(
    "button",
    { class: "launcher", type: "button", "aria-haspopup": "dialog", click: () => (open ? close() : show(true)) },
    icon(BUBBLE),
    icon(DOWN),
    badge,
  );
  root.append(button);

  const host: Host = {
    api,
    config,
    language,
    store,
    element,
    root,
    dom: { addStyles, h, icon },
    emit: (name, detail = {}) =>
      document.dispatchEvent(new CustomEvent(`shopguide:${name}`, { detail, cancelable: true })),
    show(state) {
      open = state.open ?? open;
      unread = state.unread ?? unread;
      if (state.language) {
        const own = config.label ? { open: config.label } : {};
        labels = { ...(state.language.startsWith("zh") ? ZH : EN), ...state.labels, ...own };
      }
      badge.hidden = !unread;
      badge.dataset.count = unread > 99 ? "99+" : String(unread);
      const count = unread ? ` (${labels.unread.replace("{n}", String(unread))})` : "";
      button.setAttribute("aria-label", (open ? labels.close : labels.open) + count);
      button.setAttribute("aria-expanded", String(open));
    },
  };
  host.show({ language });

  let loading: Promise<Panel> | null = null;
  function panel(): Promise<Panel> {
    button.setAttribute("aria-busy", "true");
    loading ??= import(
      /* @vite-ignore */ new URL(`widget/panel.js?v=${__PANEL_VERSION__}`, script.src).href
    )
      .then((module: { start(host: Host): Promise<Panel> }) => module.start(host))
      .catch((error: unknown) => {
        loading = null; // the next click tries again
        throw error;
      })
      .finally(() => button.removeAttribute("aria-busy"));
    return loading;
  }
  const show = async (byUser: boolean) => (await panel()).open(byUser);
  const close = () => void loading?.then((there) => there.close());

  const Shopguide = {
    open: () => show(false),
    close,
    send: async (text: string) => (await panel()).send(text),
    identify: async (identity: string) => (await panel()).identify(identity),
    on(name: string, handler: Handler): () => void {
      const listener = (event: Event) => handler((event as CustomEvent).detail, event);
      document.addEventListener(`shopguide:${name}`, listener);
      return () => document.removeEventListener(`shopguide:${name}`, listener);
    },
  };
  Object.assign(window, { Shopguide });

  document.body.append(element);
  // Something is under way: an answer, a message not sent yet, a person who may write.
  if (store.open && innerWidth > 640) void show(false);
  else if (unread || store.outbox().length || store.get("handedOff")) void panel();
}

if (!customElements.get(NAME)) start(document.currentScript as HTMLScriptElement);
