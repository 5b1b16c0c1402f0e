/** The panel behind the launcher: puts its parts together and keeps them up to date. */

import type { Host, Panel } from "../shared/host";
import { Client } from "./client";
import { Context } from "./context";
import { borrow } from "./dom";
import { chime } from "./sound";
import { loadWords, type Words } from "./strings";
import type { Line } from "./types";
import { View } from "./view";
import css from "./panel.css?inline";

export async function start(host: Host): Promise<Panel> {
  const { config, store } = host;
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
      if (store.get("sound")) chime();
      emitMessage(line);
    },
    identity: async () => proof ?? (config.identityUrl ? signedIn(config.identityUrl) : undefined),
    sentence: (sentences) => sentences[words.language.slice(0, 2)] ?? sentences.en ?? "",
  });
  const emitMessage = ({ id, sender, body }: Line) =>
    host.emit("message", { message_id: id, sender, text: body.text });

  let words: Words = await loadWords(host.language, config.stringsUrl);
  let view: View;
  let open = false;

  /** What came while nobody looked is counted on the launcher. */
  function count(): void {
    if (open && !document.hidden) client.seen();
    const unread = client.unread();
    store.set("unread", unread);
    host.show({ unread });
  }

  function make(): void {
    const context = new Context(host, client, words, (text) => view.announce(text));
    host.show(words);
    view = new View(context, {
      close: () => panel.close(),
      send: (text) => panel.send(text),
      translate: async () => {
        const language = words.language.startsWith("zh") ? "en" : "zh";
        store.set("language", language);
        words = await loadWords(language);
        view.remove();
        make();
        view.open(true);
      },
    });
  }

  const panel: Panel = {
    open(byUser) {
      if (open) return view.focus();
      open = true;
      store.open = true;
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
    send(text) {
      view.stuck = true;
      emitMessage(client.say(text));
    },
    async identify(identity) {
      proof = identity;
      await client.identify();
    },
  };

  make();
  client.start();
  addEventListener("online", () => client.hurry());
  addEventListener("offline", () => client.disconnect());
  // A page that the browser keeps for the way back must not hold a socket.
  addEventListener("pagehide", () => client.stop());
  addEventListener("pageshow", () => client.start());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    client.hurry();
    count();
  });
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
