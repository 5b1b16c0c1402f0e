/** What is about to be sent along: over the field, with how far it is and why it did not go. */

import { h, icon } from "./dom";
import { CROSS, FILE } from "../shared/icons";
import { iconButton } from "./buttons";
import type { Context } from "./context";
import { MOST_FILES, MOST_MB, NotSent, send, type Trouble } from "./files";
import type { SentFile } from "./types";

interface Item {
  element: HTMLElement;
  stop: AbortController;
  done: Promise<SentFile | null>;
  failed: boolean;
}

export class Tray {
  readonly element = h("ul", { class: "tray", role: "list", hidden: true });
  readonly note = h("p", { class: "over", role: "status" });
  private items: Item[] = [];

  constructor(private readonly context: Context) {}

  get empty(): boolean {
    return !this.items.some(({ failed }) => !failed);
  }

  /** Take files that were chosen, pasted or dropped. */
  add(files: Iterable<File>): void {
    const { strings, fill, notice } = this.context;
    this.note.textContent = "";
    if (!notice?.files?.length) {
      this.note.textContent = strings.noFiles;
      return;
    }
    for (const file of files) {
      if (this.items.filter(({ failed }) => !failed).length >= MOST_FILES) {
        this.note.textContent = fill(strings.fileMany, { n: MOST_FILES });
        return;
      }
      this.start(file);
    }
  }

  /** What arrived, when all is done; what failed stays to be seen. */
  async take(): Promise<SentFile[]> {
    const items = this.items;
    const done = await Promise.all(items.map(({ done }) => done));
    for (const item of items) if (!item.failed) this.drop(item);
    return done.filter((one) => one !== null);
  }

  private start(file: File): void {
    const { context } = this;
    const { strings, fill, client } = context;
    const name = file.name || "image";
    const bar = h("progress", { max: 1, value: 0, "aria-label": fill(strings.uploading, { name }) });
    const state = h("span", "muted");
    const stop = new AbortController();
    const item: Item = { element: h("li"), stop, failed: false, done: Promise.resolve(null) };
    item.element.append(
      icon(FILE),
      h("bdi", "", name),
      bar,
      state,
      iconButton("act", fill(strings.remove, { name }), CROSS, () => {
        stop.abort();
        this.drop(item);
      }),
    );
    item.done = (async () => {
      try {
        await client.session();
        const sent = await send(client.api, file, context.notice!, (share) => (bar.value = share), stop.signal);
        bar.remove();
        context.announce(fill(strings.uploaded, { name }));
        return sent;
      } catch (error) {
        item.failed = true;
        bar.remove();
        const why: Trouble = error instanceof NotSent ? error.why : navigator.onLine ? "fileFailed" : "fileOffline";
        state.className = "failed";
        state.textContent = fill(strings[why], { name, mb: context.notice?.file_mb ?? MOST_MB });
        if (!stop.signal.aborted) context.announce(state.textContent);
        return null;
      }
    })();
    this.items.push(item);
    this.element.append(item.element);
    this.element.hidden = false;
  }

  private drop(item: Item): void {
    item.element.remove();
    this.items = this.items.filter((one) => one !== item);
    this.element.hidden = !this.items.length;
  }
}
