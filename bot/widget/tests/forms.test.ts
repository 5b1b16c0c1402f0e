/** The form for who the customer is: what it takes, and what it sends. */

import { beforeEach, expect, test, vi } from "vitest";
import type { Context } from "../src/panel/context";
import { identity, veiled } from "../src/panel/forms";
import type { WantedFact } from "../src/panel/types";
import * as dom from "../src/shared/dom";
import en from "../src/words/en";

const send = vi.fn();
beforeEach(() => send.mockReset());

function form(...wanted: Partial<WantedFact>[]) {
  const context = { strings: en, notice: undefined, announce() {}, host: { dom } } as unknown as Context;
  const facts = wanted.map((fact, part) => ({ way: "email", name: `fact ${part}`, part, optional: false, ...fact }) as WantedFact);
  const element = identity({ text: "", wanted: facts }, context, send);
  document.body.replaceChildren(element);
  const inputs = [...element.querySelectorAll("input")];
  return (...values: string[]) => {
    values.forEach((value, at) => (inputs[at]!.value = value));
    element.dispatchEvent(new Event("submit", { cancelable: true }));
    return [...element.querySelectorAll(".failed")].map((note) => note.textContent);
  };
}

test("sends what was given, in the order of the fields", () => {
  const fill = form({ way: "postcode" }, { way: "email" });
  expect(fill(" 10115 ", "mara@example.org")).toEqual(["", ""]);
  expect(send).toHaveBeenCalledExactlyOnceWith("10115, mara@example.org", "•••15, m•••@example.org");
});

test("of one part either will do, and what is missing is told once", () => {
  const fill = form({ part: 0 }, { way: "phone", part: 0 }, { way: "order_number", part: 1 });
  expect(fill("", "", "")).toEqual([en.wantedEmpty, "", en.wantedEmpty]);
  expect(fill("", "030 123456", "")).toEqual(["", "", en.wantedEmpty]);
  expect(send).not.toHaveBeenCalled();
  fill("", "030 123456", "A-77");
  expect(send).toHaveBeenCalledWith("030 123456, A-77", "•••56, •••77");
});

test("what may be left empty is no error", () => {
  const fill = form({}, { way: "postcode", optional: true });
  expect(fill("mara@example.org", "")).toEqual(["", ""]);
  expect(send.mock.calls[0]![0]).toBe("mara@example.org");
});

test.each([
  ["email", "mara", "用户@例子.中国"],
  ["phone", "12", "+49 (30) 123-456"],
  ["code", "12 34", "123 456"],
  ["postcode", "1", "SW1A 1AA"],
] as const)("a strange %s is told", (way, odd, right) => {
  const fill = form({ way });
  expect(fill(odd)).toEqual([en.wantedOdd]);
  expect(send).not.toHaveBeenCalled();
  expect(fill(right)).toEqual([""]);
  expect(send).toHaveBeenCalledOnce();
});

test("enough is shown to know it again, and no more", () => {
  expect(["用户@例子.中国", "x@y.org", "610041", "07"].map(veiled)).toEqual(["用•••@例子.中国", "x•••@y.org", "•••41", "•••07"]);
});
