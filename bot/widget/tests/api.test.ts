/** The gateway's answers as they come over HTTP. */

import { expect, test, vi } from "vitest";
import { Api, events, Refused } from "../src/panel/api";

function stream(parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

async function all(parts: Uint8Array[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const event of events(stream(parts))) found.push(event);
  return found;
}

const text =
  'event: delta\ndata: {"seq": 1, "text": "一半"}\n\n: still here\n\nevent: message\r\ndata: {"text": "全\u2028部 🏕"}\r\n\r\nevent: done\ndata: {}\n\n';
const meant = [
  ["delta", { seq: 1, text: "一半" }],
  ["message", { text: "全\u2028部 🏕" }],
  ["done", {}],
];

test("events are read wherever the network cuts them", async () => {
  const bytes = new TextEncoder().encode(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await all([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(meant);
  }
  expect(await all([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(meant);
});

test("half an event is none", async () => {
  expect(await all([new TextEncoder().encode('event: delta\ndata: {"seq": 1')])).toEqual([]);
});

test("a refusal has the gateway's sentences and how long to wait", async () => {
  vi.stubGlobal("fetch", async () =>
    Response.json({ error: { code: "too_many", message: { zh: "慢", en: "slow" } } }, { status: 429, headers: { "Retry-After": "3" } }),
  );
  const error = (await new Api("https://a.example/", () => "t").history().catch((e: unknown) => e)) as Refused;
  expect(error).toBeInstanceOf(Refused);
  expect(error).toMatchObject({ status: 429, message: "too_many", retryAfter: 3, sentences: { zh: "慢", en: "slow" } });
});

test("an answer that is not the gateway's is a refusal too", async () => {
  vi.stubGlobal("fetch", async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await expect(new Api("https://a.example/", () => undefined).current()).rejects.toMatchObject({ status: 502, sentences: {} });
});

test("the token goes along, cookies do not", async () => {
  const asked = vi.fn(async (..._: Parameters<typeof fetch>) => new Response(null, { status: 204 }));
  vi.stubGlobal("fetch", asked);
  await new Api("https://a.example/api/v1/", () => "secret").rate({ stars: 5 });
  expect(asked.mock.calls[0]![0]).toBe("https://a.example/api/v1/feedback");
  expect(asked.mock.calls[0]![1]).toMatchObject({
    method: "POST",
    credentials: "omit",
    headers: { Authorization: "Bearer secret" },
    body: '{"stars":5}',
  });
});
