/** The panel behind the launcher: puts its parts together and keeps them up to date. */

import type { Host, Panel } from "../shared/host";
import type { Notice } from "./api";
import { alone, Client } from "./client";
import { Context } from "./context";
import { borrow } from "./dom";
import { type Page, placeOf, readPage } from "./page";
import { chime } from "./sound";
import { loadWords, type Words } from "./strings";
import type { Line, SentFile } from "./types";
import { View } from "./view";
import css from "./panel.css?inline";

export async function start(host: Host): Promise<Panel> {
  const { config, store, gone: signal } = host;
  borrow(host.dom);
  host.dom.addStyles(host.root, css);
  let proof: string | undefined;
  const client = new Client(host.api, store, {
    changed: () => {
      view?.draw();
      count();
    },
    arrived(line) {
      if (open) view.say(line);
      if (open && !document.hidden && line.sender === "bot") {
        // Before the customer's eyes nothing needs to sound.
      } else if (store.get("sound")) void alone(`${store.key} sound`, async () => sounded(line));
      emitMessage(line);
    },
    identity: async () => proof ?? (config.identityUrl ? signedIn(config.identityUrl) : undefined),
    page: () => look(),
    sentence: (sentences) => sentences[words.language.slice(0, 2)] ?? sentences.en ?? "",
  });
  const emitMessage = (line: Line) =>
    host.emit("message", { message_id: line.id, sender: line.sender, text: client.shown(line) });

  /** One tab sounds for all. */
  function sounded({ id }: Line): void {
    if (store.get("chimed") === id) return;
    store.set("chimed", id);
    chime();
  }

  /** The place that the customer said they do not mean. */
  let left = "";
  let here: Page = {};
  function look(): Page {
    here = readPage(host.config, host.context, words.language);
    if (left === placeOf(here)) {
      for (const key of ["url", "title", "product_id", "variant_id"] as const) delete here[key];
    }
    return here;
  }

  let words: Words = await loadWords(host.words, host.language, config.stringsUrl);
  let view: View;
  let open = false;
  let notice: Notice | undefined;

  /** What came while nobody looked is counted on the launcher. */
  function count(): void {
    if (open && !document.hidden) client.seen();
    const unread = client.unread();
    store.set("unread", unread);
    host.show({ unread });
    // Who looks at another tab sees it in this one's name.
    const name = document.title.replace(/^\(\d+\+?\) /, "");
    const shown = unread && (document.hidden || !open) ? `(${unread > 99 ? "99+" : unread}) ${name}` : name;
    if (shown !== document.title) document.title = shown;
  }

  let context: Context;
  function make(): void {
    context = new Context(host, client, words, (text) => view.announce(text));
    host.show(words);
    view = new View(context, {
      close: () => panel.close(),
      send: say,
      translate: async () => {
        host.choose(words.language.startsWith("zh") ? "en" : "zh");
        await panel.refresh();
        view.focus();
      },
      place: () => ({
        title: here.product_id && here.title,
        questions: host.context.suggestions ?? (here.product_id && host.config.suggestions == null ? words.strings.productQuestions : undefined),
      }),
      leavePlace: () => {
        left = placeOf(here);
        look();
        view.draw();
      },
    });
    context.notice = notice;
    if (notice) view.tell(notice);
  }

  function say(text: string, files?: SentFile[], shown?: string): void {
    view.stuck = true;
    emitMessage(client.say(text, files, shown));
  }

  const panel: Panel = {
    open(byUser) {
      if (open) return view.focus();
      open = true;
      store.open = true;
      look();
      host.show({ open });
      view.open(byUser);
      count();
      host.emit("open");
    },
    close() {
      if (!open) return;
      open = false;
      store.open = false;
      view.close();
      host.show({ open });
      host.emit("close");
    },
    send: (text) => say(text),
    async identify(identity) {
      proof = identity;
      await client.identify();
    },
    async refresh() {
      const language = host.language;
      look();
      if (language.slice(0, 2) === words.language.slice(0, 2) || config.stringsUrl) return view.draw();
      words = await loadWords(host.words, language);
      view.remove();
      look();
      make();
      if (open) view.open(false);
      count();
    },
    moved: () => view.moved(),
    destroy() {
      client.stop();
      document.title = document.title.replace(/^\(\d+\+?\) /, "");
    },
  };

  look();
  make();
  client.start();
  const ask = () =>
    client.api.notice().then(
      (told) => {
        context.notice = notice = told;
        // Needed when the gateway cannot be asked any more.
        store.set("phone", told.shop?.phone ?? undefined);
        store.set("cartUrl", told.shop?.cart_url ?? undefined);
        view.tell(told);
      },
      () => {}, // an older gateway has none
    );
  void ask();
  addEventListener(
    "online",
    () => {
      client.hurry();
      if (!notice) void ask();
    },
    { signal },
  );
  addEventListener("offline", () => client.disconnect(), { signal });
  // A page that the browser keeps for the way back must not hold a socket.
  addEventListener("pagehide", () => client.stop(), { signal });
  addEventListener("pageshow", () => client.start(), { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (!document.hidden) client.hurry();
      count();
    },
    { signal },
  );
  // Pages that change without being loaded.
  const moved = () => void panel.refresh();
  addEventListener("popstate", moved, { signal });
  (window as { navigation?: EventTarget }).navigation?.addEventListener("navigatesuccess", moved, { signal });
  return panel;
}

/** The shop's word on who is signed in; null for nobody, undefined when the shop did not say. */
async function signedIn(address: string): Promise<string | null | undefined> {
  try {
    const answer = await fetch(new URL(address, document.baseURI), {
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "application/json" },
    });
    if (answer.status === 204) return null;
    if (!answer.ok) return undefined;
    return ((await answer.json()) as { identity?: string | null }).identity ?? null;
  } catch {
    return undefined;
  }
}
