/** The conversation as a text file. */

import { h } from "./dom";
import type { Context } from "./context";
import { readable, speaker } from "./rows";

export function transcript(context: Context): string {
  const { client, words } = context;
  const said = client.lines.map((line) => {
    const when = new Date(line.at).toLocaleString(words.language);
    return `[${when}] ${speaker(line, context)}\n${readable(line, context)}\n`;
  });
  return [`${context.shopName}\n`, ...said].join("\n");
}

export function download(context: Context): void {
  // The mark at the beginning tells every editor that this is UTF-8.
  const blob = new Blob(["\ufeff", transcript(context)], { type: "text/plain;charset=utf-8" });
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: `chat-${new Date().toISOString().slice(0, 10)}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
