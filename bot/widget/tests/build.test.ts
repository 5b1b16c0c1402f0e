// @vitest-environment node
/** The built files, without what a strict page forbids. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const dist = new URL("../dist/", import.meta.url);
const files = readdirSync(dist);
const read = (name: string) => readFileSync(new URL(name, dist), "utf8");

test("there are the launcher and the panel", () => {
  expect(files.sort()).toEqual(["panel.js", "widget.js"]);
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
    expect(addresses.filter((one) => one !== "http://www.w3.org")).toEqual([]);
  });
});
