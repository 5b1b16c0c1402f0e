/** Buttons as they stand everywhere in the panel. */

import { h, icon } from "./dom";

export function textButton(look: string, text: string, click: () => unknown): HTMLButtonElement {
  return h("button", { class: look, type: "button", dir: "auto", click }, text);
}

/** A drawing, with its meaning for who cannot see it. */
export function iconButton(look: string, name: string, path: string, click: () => unknown): HTMLButtonElement {
  return h("button", { class: look, type: "button", "aria-label": name, title: name, click }, icon(path));
}
