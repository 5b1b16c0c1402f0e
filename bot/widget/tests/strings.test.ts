/** Both languages say the same things; others come from a file. */

import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { fill, loadWords as load } from "../src/panel/strings";
import en from "../src/words/en";
import zh from "../src/words/zh";

const loadWords = (language: string, url?: string) => load(async (name) => ({ en, zh })[name], language, url);

const places = (value: unknown): unknown =>
  typeof value === "string"
    ? (value.match(/\{\w+\}/g) ?? []).sort()
    : Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, places(inner)]));

test("Chinese has the keys and the places of English, and nothing is empty", async () => {
  const [zh, en] = [await loadWords("zh-CN"), await loadWords("en-GB")];
  expect(places(zh.strings)).toEqual(places(en.strings));
  for (const { strings } of [zh, en]) expect(JSON.stringify(strings)).not.toContain('""');
  for (const text of Object.values(zh.strings).flat()) {
    if (typeof text === "string" && text !== "English") expect(text).toMatch(/\p{Script=Han}/u);
  }
});

test.each([
  ["zh", "zh"], ["zh-Hant-TW", "zh-Hant-TW"], ["en-US", "en-US"], ["fr", "en"], ["", "en"],
])("the page's language %j is shown as %s", async (asked, shown) => {
  expect((await loadWords(asked)).language).toBe(shown);
});

test("a file brings another language, its direction and the launcher's words", async () => {
  vi.stubGlobal("fetch", async (url: URL) => {
    expect(String(url)).toBe("https://shop.example/ar.json");
    return Response.json({ language: "ar", open: "افتح", send: "إرسال", reasons: { slow: "بطيء" } });
  });
  const words = await loadWords("en", "/ar.json");
  expect(words).toMatchObject({ language: "ar", direction: "rtl", labels: { open: "افتح" } });
  expect(words.strings).toMatchObject({ send: "إرسال", menu: "Menu", reasons: { slow: "بطيء", wrong: "Incorrect" } });
});

test("without the file the widget speaks its own languages", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.stubGlobal("fetch", async () => new Response("no", { status: 404 }));
  expect((await loadWords("zh", "/missing.json")).strings.send).toBe("发送");
  expect(console.warn).toHaveBeenCalledOnce();
});

test("places are filled, others stay", () => {
  expect(fill("{n} of {m}", { n: 1 })).toBe("1 of {m}");
});

test("the guide lists every key, with the English words", async () => {
  const guide = readFileSync("../../docs/widget.md", "utf8");
  const { language, direction, open, unread, ...listed } = JSON.parse(/```json\n(.*?)```/s.exec(guide)![1]!) as Record<string, unknown>;
  expect([language, direction, open, unread].every(Boolean)).toBe(true);
  expect(listed).toEqual((await loadWords("en")).strings);
});
