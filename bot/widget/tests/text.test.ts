/** Texts of strangers: what they may become, and what they may not. */

import { describe, expect, test } from "vitest";
import { h } from "../src/panel/dom";
import { harmless, markdown, readJson, safeImage, safeUrl, toSentence } from "../src/panel/text";

function draw(text: string): HTMLElement {
  const link = (url: URL, ...children: (Node | string)[]) => h("a", { href: url.href }, ...children);
  const cite = (number: number) => (number < 3 ? h("button", {}, String(number)) : null);
  return h("div", {}, markdown(text, { link, cite, phone: "400-555-0137" }));
}

const hostile = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  '"><iframe src="javascript:alert(1)">',
  "`<b>` **<i>x</i>** [<u>](https://a.example)",
];

test.each(hostile)("markup stays text: %s", (text) => {
  const element = draw(text);
  expect(element.querySelector("script, img, svg, iframe, b, i, u")).toBeNull();
  expect(element.textContent).toContain("<");
});

test("bold, code, links and line breaks", () => {
  expect(draw("a **b** `c` d\ne").innerHTML).toBe(
    '<p dir="auto">a <strong>b</strong> <code>c</code> d<br>e</p>',
  );
  expect(draw("[help](/help/en/returns) or https://a.example/x.").innerHTML).toBe(
    '<p dir="auto"><a href="https://shop.example/help/en/returns">help</a> or ' +
      '<a href="https://a.example/x">https://a.example/x</a>.</p>',
  );
});

test("lists, paragraphs and blocks of code", () => {
  const element = draw("First:\n- one\n- **two**\n\n3. three\n4. four\n```\nif a < b:\n  [1]\n```\nend");
  expect([...element.children].map(({ localName }) => localName)).toEqual(["p", "ul", "ol", "pre", "p"]);
  expect(element.querySelector("ol")!.getAttribute("start")).toBe("3");
  expect(element.querySelector("pre")!.textContent).toBe("if a < b:\n  [1]\n");
});

test("numbers in brackets become citations where there is one", () => {
  const element = draw("Yes. [1][2] See [7].");
  expect(element.querySelectorAll("button").length).toBe(2);
  expect(element.textContent).toBe("Yes. 12 See [7].");
});

test.each(["**open", "`open", "[open](", "[a](javascript:alert(1))", "*", "****", "[]()", "2 * 3 * 4", "snake_case_name"])(
  "what is not Markdown stays as it is: %s",
  (text) => {
    expect(draw(text).querySelector("a, strong, code")).toBeNull();
  },
);

test("a label that names another site than its link gives way to the address", () => {
  const label = (text: string) => draw(text).querySelector("a")!.textContent;
  expect(label("[https://bank.example](https://evil.example/)")).toBe("https://evil.example/");
  expect(label("[bank.example/login](https://evil.example/)")).toBe("https://evil.example/");
  expect(label("[https://bank.example/a](https://bank.example/b)")).toBe("https://bank.example/a");
  expect(label("[our help page](https://bank.example/b)")).toBe("our help page");
});

describe("links", () => {
  test.each(["http://a.example/", "https://a.example/", "mailto:help@a.example", "tel:+861234", "/products/tent"])(
    "%s may be opened",
    (address) => expect(safeUrl(address)).not.toBeNull(),
  );

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "\u0001javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://shop.example/1",
    "https://",
  ])("%j may not", (address) => expect(safeUrl(address)).toBeNull());

  test("paths are those of the shop", () => {
    expect(safeUrl("/products/tent")!.href).toBe("https://shop.example/products/tent");
  });
});

test("pictures come from allowed hosts only", () => {
  const hosts = ["shop.example", "cdn.example:8443"];
  expect(safeImage("/pictures/a.svg", hosts)).toBe("https://shop.example/pictures/a.svg");
  expect(safeImage("https://cdn.example:8443/a.png", hosts)).toBe("https://cdn.example:8443/a.png");
  for (const address of ["https://cdn.example/a.png", "https://evil.example/a.png", "//evil.example/a", "data:image/png;base64,", "", null]) {
    expect(safeImage(address, hosts)).toBeNull();
  }
});

describe("harmless", () => {
  test("marks that turn the direction of what follows are taken out", () => {
    const turns = ["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"];
    expect(harmless(`pay${turns.join("")} 100`)).toBe("pay 100");
  });

  test("languages that are written from right to left are left alone", () => {
    for (const text of ["שלום עולם", "مرحبا\u200f", "a\tb\nc", "👩‍👩‍👧"]) expect(harmless(text)).toBe(text);
  });

  test("control characters are taken out, and what is endless is cut", () => {
    expect(harmless("a\u0000b\u001bc\u007fd\u0085e")).toBe("abcde");
    expect(harmless("x".repeat(1_000_000)).length).toBe(200_000);
  });

  test("every text of a JSON body is", () => {
    expect(readJson('{"a": ["\\u202eb"], "c": {"d": "e\\u0000"}, "f": 1, "g": null}')).toEqual({
      a: ["b"],
      c: { d: "e" },
      f: 1,
      g: null,
    });
  });
});

test.each([
  "*".repeat(100_000),
  "`".repeat(100_000),
  "[".repeat(100_000),
  "](".repeat(50_000),
  "**a".repeat(33_000),
  "[a](".repeat(25_000),
  "https://".repeat(12_000),
  "- ".repeat(50_000),
  "```\n".repeat(25_000),
  "!".repeat(100_000),
])("100 kB of %.8s… is drawn whole", (text) => {
  const letters = (of: string) => of.replace(/[\s`*]/g, "").length;
  expect(letters(draw(text).textContent!)).toBeGreaterThanOrEqual(letters(text) - 100_000);
  expect(draw(text)).toBeTruthy();
});

test("e-mail addresses and the shop's own number are links; other digits are not", () => {
  const element = draw("Write to service@spruce.example. Or call 400-555-0137 (400-555-0137), order 400-555-0138, 2026-11-28.");
  expect([...element.querySelectorAll("a")].map(({ textContent, href }) => [textContent, href])).toEqual([
    ["service@spruce.example", "mailto:service@spruce.example"],
    ["400-555-0137", "tel:4005550137"],
    ["400-555-0137", "tel:4005550137"],
  ]);
  expect(element.textContent).toContain("order 400-555-0138, 2026-11-28.");
  expect(draw("mailto:evil@x javascript:a@b.example").querySelectorAll("a").length).toBe(1);
});

test.each([
  ["Returns are free.", "#:~:text=Returns%20are%20free."],
  ["A well-known, short one", "#:~:text=A%20well%2Dknown%2C%20short%20one"],
  [
    "Parcels leave the house on working days until four in the afternoon, except in the week of the festival.",
    "#:~:text=Parcels%20leave%20the%20house%20on,the%20week%20of%20the%20festival.",
  ],
  ["退".repeat(100), `#:~:text=${encodeURIComponent("退".repeat(14))},${encodeURIComponent("退".repeat(14))}`],
  ["…", ""],
])("the way to the very sentence: %s", (quote, hash) => {
  const to = toSentence(new URL("https://shop.example/help/returns"), quote);
  expect(to.href.replace("https://shop.example/help/returns", "")).toBe(hash);
  expect(toSentence(new URL("https://shop.example/help#fees"), "Returns are free.").hash).toBe("#fees:~:text=Returns%20are%20free.");
});
