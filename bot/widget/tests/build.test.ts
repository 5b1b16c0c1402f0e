// @vitest-environment node
/** The built files, without what a strict page forbids. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const dist = new URL("../dist/", import.meta.url);
const files = readdirSync(dist);
const read = (name: string) => readFileSync(new URL(name, dist), "utf8");

test("there are the launcher, the panel, its forms and words, and the carts", () => {
  expect(files.sort()).toEqual(["cart-shopify.js", "cart-woocommerce.js", "forms.js", "panel.js", "widget.js", "words-en.js", "words-zh.js"]);
});

describe.each(files)("%s", (name) => {
  test.each([
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "createContextualFragment",
    "eval(", "Function(", "<style", 'setAttribute("style"', "setAttribute(`style`", ".cssText",
  ])("does without %s", (word) => {
    expect(read(name)).not.toContain(word);
  });

  test("names no other site", () => {
    const addresses = read(name).match(/(https?|wss?):\/\/[\w.]+/g) ?? [];
    // Names of a drawing's language and of a link's meaning, which nobody asks.
    expect(addresses.filter((one) => !["http://www.w3.org", "https://api.w.org"].includes(one))).toEqual([]);
  });
});
