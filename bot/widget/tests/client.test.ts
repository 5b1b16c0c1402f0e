/** The conversation over every kind of break: nothing lost, nothing doubled. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Client, type Hooks } from "../src/panel/client";
import type { Page } from "../src/panel/page";
import type { Line } from "../src/panel/types";
import { Store } from "../src/shared/store";
import { FakeChannel, Gateway } from "./gateway";

let gateway: Gateway;
let identity: string | null | undefined;
let page: Page;
let clients: Client[];
let arrived: Line[];

function tab(hooks: Partial<Hooks> = {}): Client {
  const client = new Client("https://shop.example/chat/api/v1/", new Store("widget"), {
    changed() {},
    arrived: (line) => arrived.push(line),
    identity: async () => identity,
    page: () => page,
    sentence: ({ en }) => en ?? "",
    ...hooks,
  });
  clients.push(client);
  client.start();
  return client;
}

/** The page goes, without a word. */
function leave(client: Client): void {
  client.stop();
  FakeChannel.all = FakeChannel.all.filter((channel) => channel !== client["channel"]);
}

async function pass(ms = 100): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

const texts = (client: Client) => client.lines.map(({ body }) => body.text);
const states = (client: Client) => client.lines.map(({ state }) => state);

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  FakeChannel.all = [];
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  gateway = new Gateway();
  gateway.install();
  identity = undefined;
  page = {};
  clients = [];
  arrived = [];
});

afterEach(async () => {
  for (const client of clients) client.stop();
  await pass(60_000);
  vi.useRealTimers();
});

describe.each([["WebSocket", true], ["server-sent events", false]])("over %s", (_, sockets) => {
  beforeEach(() => {
    gateway.sockets = sockets;
  });

  test("a message is sent and answered", async () => {
    gateway.answer = () => [{ text: "first" }, { text: "second" }];
    const client = tab();
    client.say("hello");
    expect(states(client)).toEqual(["waiting"]);
    await pass(3_000);
    expect(texts(client)).toEqual(["hello", "first", "second"]);
    expect(states(client)).toEqual(["sent", "sent", "sent"]);
    expect(client.growing).toBeNull();
    expect(arrived.map(({ body }) => body.text)).toEqual(["first", "second"]);
    expect(client.store.outbox()).toEqual([]);
    expect(gateway.open.length).toBe(sockets ? 1 : 0);
  });

  test("a visitor who says nothing has no session", async () => {
    tab();
    await pass(60_000);
    expect(gateway.requests).toEqual([]);
  });

  test("messages go one after another, in their order", async () => {
    const client = tab();
    for (const text of ["a", "b", "c"]) client.say(text);
    await pass(3_000);
    expect(texts(client)).toEqual(["a", "re: a", "b", "re: b", "c", "re: c"]);
    expect(gateway.sessions.length).toBe(1);
  });

  test("what is written without a network is sent later, once", async () => {
    gateway.break();
    const client = tab();
    client.say("are you there?");
    await pass(20_000);
    expect(client.broken).toBe(true);
    expect(states(client)).toEqual(["waiting"]);
    gateway.mend();
    await pass(40_000);
    expect(client.broken).toBe(false);
    expect(texts(client)).toEqual(["are you there?", "re: are you there?"]);
    expect(gateway.answered.length).toBe(1);
  });

  test("an answer that was lost on the way comes once", async () => {
    const client = tab();
    client.say("one");
    await pass(3_000);
    gateway.delivers = false;
    client.say("two");
    await pass(1_000);
    gateway.break();
    gateway.delivers = true;
    gateway.mend();
    await pass(40_000);
    expect(texts(client)).toEqual(["one", "re: one", "two", "re: two"]);
    expect(gateway.answered.length).toBe(2);
    expect(arrived.map(({ body }) => body.text)).toEqual(["re: one", "re: two"]);
  });

  test("after a reload the conversation is there, and what waited is sent", async () => {
    const before = tab();
    before.say("one");
    await pass(3_000);
    gateway.break();
    before.say("two");
    leave(before);
    gateway.mend();
    const after = tab();
    expect(texts(after)).toEqual(["two"]);
    await pass(3_000);
    expect(texts(after)).toEqual(["one", "re: one", "two", "re: two"]);
    expect(gateway.sessions.length).toBe(1);
    expect(gateway.answered.length).toBe(2);
    // What was there already is not news.
    expect(arrived.map(({ body }) => body.text)).toEqual(["re: one", "re: two"]);
  });

  test("two tabs show the same and send each message once", async () => {
    const one = tab();
    const two = tab();
    one.say("from one");
    await pass(3_000);
    two.say("from two");
    await pass(3_000);
    const all = ["from one", "re: from one", "from two", "re: from two"];
    expect(texts(one)).toEqual(all);
    expect(texts(two)).toEqual(all);
    expect(gateway.answered.length).toBe(2);
    expect(gateway.sessions.length).toBe(1);
  });

  test("a message that is refused can be tried again", async () => {
    gateway.refusals = [{ status: 413, code: "too_long" }];
    const client = tab();
    const line = client.say("too long");
    await pass(3_000);
    expect(states(client)).toEqual(["failed"]);
    expect(client.lines[0]!.error).toBe("No: too_long");
    expect(client.store.outbox()).toEqual([]);
    client.retry(line);
    await pass(3_000);
    expect(texts(client)).toEqual(["too long", "re: too long"]);
  });

  test("a message that came too fast waits as long as it is told", async () => {
    gateway.refusals = [{ status: 429, code: "too_many", retryAfter: 7 }];
    const client = tab();
    client.say("quick");
    await pass(6_000);
    expect(gateway.answered).toEqual([]);
    await pass(5_000);
    expect(texts(client)).toEqual(["quick", "re: quick"]);
  });

  test("a proof in the chat brings another token, which every tab goes on with", async () => {
    const client = tab();
    const other = tab();
    client.say("hello");
    await pass(3_000);
    other.say("are you there?");
    await pass(3_000);
    client.say(gateway.proof);
    await pass(20_000);
    expect(gateway.sessions.length).toBe(1);
    expect(client.store.get("session")?.token).toBe("t1+");
    other.say("my orders");
    await pass(20_000);
    expect(gateway.sessions.length).toBe(1);
    expect(texts(other).slice(-2)).toEqual(["my orders", "re: my orders"]);
    expect(gateway.answered.length).toBe(4);
  });

  test("a message brings the page it was written on, and the files", async () => {
    page = { product_id: "tent", language: "en" };
    const client = tab();
    client.say("how heavy?", [{ file_id: "f1", kind: "picture", name: "a.jpg" }]);
    page = { product_id: "stove" };
    client.say("and this?");
    await pass(5_000);
    expect(gateway.brought).toEqual([
      { page: { product_id: "tent", language: "en" }, files: ["f1"] },
      { page: { product_id: "stove" }, files: undefined },
    ]);
    expect(client.lines[0]!.body.files).toEqual([{ file_id: "f1", kind: "picture", name: "a.jpg" }]);
  });

  test("a token that is no longer good makes way for a new conversation", async () => {
    const client = tab();
    client.say("one");
    await pass(3_000);
    gateway.sessions[0]!.token = "revoked";
    gateway.break();
    gateway.mend();
    client.say("two");
    await pass(20_000);
    expect(gateway.sessions.length).toBe(2);
    expect(gateway.sessions[1]!.lines.map(({ text }) => text)).toEqual(["two", "re: two"]);
    expect(texts(client).slice(-2)).toEqual(["two", "re: two"]);
  });
});

test("the answer grows; what comes late or out of turn is not shown", async () => {
  const seen: string[] = [];
  gateway.deltas = () => ["It", "It takes", "It takes two"];
  gateway.answer = () => [{ text: "It takes two days." }];
  const client = tab({ changed: () => seen.push(client?.growing?.text ?? "-") });
  client.say("how long?");
  await pass(1_000);
  const id = client.lines[0]!.id;
  expect(seen.filter((text) => text.startsWith("It"))).toEqual(["It", "It takes", "It takes two"]);
  gateway.publish(gateway.sessions[0]!, { type: "delta", message_id: id, seq: 9, text: "late" });
  expect(client.growing).toBeNull();
  const socket = gateway.open[0]!;
  socket.receive({ type: "accepted", message_id: "x" });
  socket.receive({ type: "delta", message_id: "x", seq: 2, text: "new" });
  socket.receive({ type: "delta", message_id: "x", seq: 1, text: "old" });
  expect(client.growing?.text).toBe("new");
  // Typing ends with the connection.
  socket.end(1006);
  await pass(10);
  expect(client.growing).toBeNull();
});

test("an apology leaves the message open to another try", async () => {
  const client = tab();
  const line = client.say("one");
  gateway.delivers = false;
  gateway.answer = () => [];
  await pass(1_000);
  const [session] = gateway.sessions;
  const reply = { type: "message", message_id: `${line.id}.0`, reply_to: line.id, body: { text: "Sorry" } };
  gateway.publish(session!, reply);
  gateway.publish(session!, { type: "done", message_id: line.id });
  expect(texts(client)).toEqual(["one", "Sorry"]);
  expect(states(client)).toEqual(["failed", "sent"]);
  gateway.delivers = true;
  gateway.answer = () => [{ text: "right" }];
  client.retry(client.lines[0]!);
  await pass(1_000);
  expect(texts(client)).toEqual(["one", "right"]);
});

test("after a reload an unanswered message can be tried again", async () => {
  const before = tab();
  before.say("one");
  await pass(1_000);
  leave(before);
  gateway.sessions[0]!.lines = [{ message_id: "m", sender: "customer", text: "one", unanswered: true }];
  const after = tab();
  await pass(1_000);
  expect(states(after)).toEqual(["failed"]);
});

test("a dead connection is noticed, though it never closed", async () => {
  const client = tab();
  client.say("one");
  await pass(1_000);
  const socket = gateway.open[0]!;
  socket.send = () => {};
  socket.close = () => gateway.open.splice(0, 1);
  await pass(60_000);
  client.say("two");
  await pass(10_000);
  expect(texts(client)).toEqual(["one", "re: one", "two", "re: two"]);
});

test("an answer that never comes is asked for again", async () => {
  const client = tab();
  gateway.delivers = false;
  client.say("one");
  await pass(40_000);
  expect(gateway.received.length).toBe(1);
  gateway.delivers = true;
  await pass(10_000);
  expect(texts(client)).toEqual(["one", "re: one"]);
  expect(gateway.answered.length).toBe(1);
});

test("it waits longer after each failure, and never all clients at once", async () => {
  gateway.break();
  vi.spyOn(Math, "random").mockReturnValue(0);
  const client = tab();
  client.say("one");
  const waits: number[] = [];
  let count = 0;
  for (let ms = 0; ms < 100_000; ms += 10) {
    await pass(10);
    if (gateway.requests.length > count) {
      waits.push(ms);
      count = gateway.requests.length;
    }
  }
  const gaps = waits.slice(1).map((ms, at) => ms - waits[at]!);
  expect(gaps.slice(1, 6)).toEqual([500, 1000, 2000, 4000, 8000]);
  expect(Math.max(...gaps)).toBe(15_000);
  vi.mocked(Math.random).mockReturnValue(1);
  count = gateway.requests.length;
  await pass(31_000);
  expect(gateway.requests.length - count).toBeLessThanOrEqual(2);
  // A sign that the network is back ends the waiting.
  gateway.mend();
  client.hurry();
  await pass(100);
  expect(texts(client)).toEqual(["one", "re: one"]);
});

test("a gateway that closes is left alone as long as it asks for", async () => {
  const client = tab();
  client.say("one");
  await pass(1_000);
  gateway.requests = [];
  gateway.open[0]!.receive({ type: "closing", retry_ms: 5_000 });
  gateway.open[0]!.end(1012);
  await pass(4_900);
  expect(gateway.requests).toEqual([]);
  await pass(2_000);
  expect(gateway.open.length).toBe(1);
});

test("lines of a person come in between, and what was missed comes later", async () => {
  const client = tab();
  client.say("a person, please");
  await pass(1_000);
  const [session] = gateway.sessions;
  gateway.publish(session!, { type: "handoff", ticket: 1, state: "agent", position: null, agent: "Lin", opens: null });
  expect(client.handoff?.agent).toBe("Lin");
  expect(client.store.get("handedOff")).toBe(true);
  gateway.break();
  session!.lines.push({ message_id: "desk:1", sender: "agent", agent: "Lin", text: "Hello" });
  client.say("are you there?");
  gateway.mend();
  await pass(10_000);
  expect(texts(client)).toEqual(["a person, please", "re: a person, please", "Hello", "are you there?", "re: are you there?"]);
  expect(client.lines[2]!.agent).toBe("Lin");
});

test("without sockets, news of a person is fetched", async () => {
  gateway.sockets = false;
  gateway.answer = () => [{ text: "queued", handoff: { ticket: 1, state: "queued", position: 2, agent: null, opens: null } }];
  const client = tab();
  client.say("a person, please");
  await pass(3_000);
  expect(client.handoff?.position).toBe(2);
  const [session] = gateway.sessions;
  session!.lines.push({ message_id: "desk:1", sender: "agent", agent: "Lin", text: "Hello" });
  session!.handoff = { ticket: 1, state: "closed", position: null, agent: null, opens: null };
  await pass(6_000);
  expect(texts(client).at(-1)).toBe("Hello");
  expect(client.handoff?.state).toBe("closed");
  // Nobody is to write any more: there is nothing to ask for.
  const count = gateway.requests.length;
  await pass(60_000);
  expect(gateway.requests.length).toBe(count);
});

test("what says who the customer is goes out whole and is shown veiled, also after the end", async () => {
  const client = tab();
  const line = client.say("mara@example.org, 10115", [], "m•••@example.org, •••15");
  await pass(1_000);
  expect(gateway.sessions[0]!.lines[0]!.text).toBe("mara@example.org, 10115");
  expect(client.shown(line)).toBe("m•••@example.org, •••15");
  leave(client);
  const next = tab();
  await pass(1_000);
  expect(next.shown(next.lines[0]!)).toBe("m•••@example.org, •••15");
  expect(next.shown(next.lines[1]!)).toBe(next.lines[1]!.body.text);
  next.finish();
  expect(next.shown(next.lines[0]!)).toBe("m•••@example.org, •••15");
  expect(next.store.get("veils")).toBeUndefined();
});

describe("who is signed in", () => {
  test("opens the session in their name", async () => {
    identity = "emma";
    tab().say("hello");
    await pass(1_000);
    expect(gateway.sessions[0]!.customer).toBe("emma");
  });

  test("is told to a conversation that began before", async () => {
    const client = tab();
    client.say("hello");
    await pass(1_000);
    identity = "emma";
    await client.identify();
    expect(gateway.sessions[0]!.customer).toBe("emma");
    expect(client.lines.length).toBe(2);
    expect(client.store.get("session")).toMatchObject({ token: "t1+", signed: true });
    client.say("my orders");
    await pass(5_000);
    expect(texts(client).slice(-2)).toEqual(["my orders", "re: my orders"]);
    expect(gateway.sessions.length).toBe(1);
  });

  test("does not stop a visitor when the proof is bad", async () => {
    identity = "bad";
    const client = tab();
    client.say("hello");
    await pass(1_000);
    expect(texts(client)).toEqual(["hello", "re: hello"]);
  });

  test.each([["signed out", null], ["another customer", "lin"]])("%s: their conversation is not shown", async (_, next) => {
    identity = "emma";
    const before = tab();
    before.say("my orders");
    await pass(1_000);
    leave(before);
    identity = next;
    const after = tab();
    await pass(5_000);
    expect(texts(after)).toEqual([]);
    expect(gateway.requests).toContain("DELETE sessions/current");
    expect(after.store.get("session")).toBeUndefined();
    after.say("hello");
    await pass(1_000);
    expect(gateway.sessions.at(-1)!.customer).toBe(next);
    expect(texts(after)).toEqual(["hello", "re: hello"]);
  });

  test("signed out: what is written at once begins the new conversation", async () => {
    identity = "emma";
    const other = tab();
    other.say("my orders");
    await pass(1_000);
    identity = null;
    const after = tab();
    after.say("hello");
    await pass(5_000);
    expect(gateway.sessions.at(-1)!.customer).toBeNull();
    expect(texts(after)).toEqual(["hello", "re: hello"]);
    expect(texts(other)).toEqual(["hello", "re: hello"]);
  });

  test("nobody knows, and the conversation goes on", async () => {
    identity = "emma";
    const before = tab();
    before.say("my orders");
    await pass(1_000);
    leave(before);
    identity = undefined;
    const after = tab();
    await pass(5_000);
    expect(texts(after)).toEqual(["my orders", "re: my orders"]);
  });
});

test("starting over clears every tab and begins a new session", async () => {
  const one = tab();
  const two = tab();
  one.say("hello");
  await pass(1_000);
  one.store.set("sound", true);
  two.forget();
  await pass(1_000);
  expect([...one.lines, ...two.lines]).toEqual([]);
  expect(gateway.requests.filter((request) => request.startsWith("DELETE"))).toEqual(["DELETE sessions/current"]);
  expect(one.store.outbox()).toEqual([]);
  expect(one.store.get("sound")).toBe(true);
  one.say("again");
  await pass(3_000);
  expect(gateway.sessions.length).toBe(2);
  expect(texts(one)).toEqual(["again", "re: again"]);
});

test("unread are the lines after the last that was seen, in any tab", async () => {
  gateway.answer = () => [{ text: "a" }, { text: "b" }];
  const one = tab();
  const two = tab();
  one.say("hello");
  await pass(1_000);
  expect(two.unread()).toBe(2);
  one.seen();
  expect(two.unread()).toBe(0);
  expect(one.unread()).toBe(0);
});

test("ratings are kept with the conversation", async () => {
  const client = tab();
  client.say("hello");
  await pass(1_000);
  await client.rate({ message_id: "m", rating: -1, reason: "wrong" });
  await client.rate({ stars: 4 });
  expect(gateway.feedback).toEqual([{ message_id: "m", rating: -1, reason: "wrong" }, { stars: 4 }]);
  expect(client.store.get("ratings")).toEqual({ m: -1 });
});

test("where the browser keeps nothing, the conversation lives as long as the page", async () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("denied");
  });
  const client = tab();
  client.say("hello");
  await pass(1_000);
  expect(texts(client)).toEqual(["hello", "re: hello"]);
});

describe("why nothing goes", () => {
  test.each([[500, "server"], [429, "busy"]])("%i is told apart: %s", async (status, kind) => {
    gateway.failing = status;
    const client = tab();
    client.say("hello");
    await pass(100);
    expect(client.trouble?.kind).toBe(kind);
    if (status === 429) expect(client.trouble!.until! - Date.now()).toBeGreaterThan(8_000);
    gateway.failing = 0;
    await pass(20_000);
    expect(client.trouble).toBeNull();
    expect(texts(client)).toEqual(["hello", "re: hello"]);
  });

  test("no network", async () => {
    gateway.break();
    const client = tab();
    client.say("hello");
    await pass(100);
    expect(client.trouble?.kind).toBe("network");
  });

  test("a site that is not allowed: said once, and not tried for ever", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    gateway.foreign = true;
    const client = tab();
    client.api.refusesSite = async () => true; // see below for how it is known
    client.say("hello");
    await pass(100);
    expect(client.trouble?.kind).toBe("site");
    expect(said.mock.calls).toEqual([[expect.stringContaining("SHOPGUIDE_ALLOWED_ORIGINS")]]);
    const count = gateway.requests.length;
    await pass(120_000);
    client.hurry();
    await pass(60_000);
    expect(gateway.requests.length).toBe(count);
    // Whoever writes again tries once more.
    gateway.foreign = false;
    client.say("and now?");
    await pass(3_000);
    expect(texts(client)).toEqual(["hello", "re: hello", "and now?", "re: and now?"]);
  });

  test("it is known by the widget's file, which every site may read", async () => {
    const here = tab();
    expect(await here.api.refusesSite()).toBe(false); // the same site
    const { Api } = await import("../src/panel/api");
    const api = new Api("https://chat.example/chat/api/v1/", () => undefined);
    gateway.foreign = true;
    expect(await api.refusesSite()).toBe(true);
    gateway.break();
    expect(await api.refusesSite()).toBe(false);
  });
});

describe("with a person", () => {
  const queued = { ticket: 1, state: "queued" as const, position: 1, agent: null, opens: null, contact: true };

  test("read marks, contact, and taking the wish back", async () => {
    gateway.answer = () => [{ text: "asked", handoff: queued }];
    const client = tab();
    const line = client.say("a person");
    await pass(1_000);
    expect([client.handedOff, client.isRead(client.lines[0]!)]).toEqual([true, false]);
    gateway.publish(gateway.sessions[0]!, { type: "read", message_id: line.id });
    expect(client.isRead(client.lines[0]!)).toBe(true);
    await expect(client.leave("?")).rejects.toMatchObject({ status: 422 });
    await client.leave("emma@example.com");
    expect(client.handoff?.contact).toBe(false);
    await client.withdraw();
    expect(client.handedOff).toBe(false);
    expect(gateway.requests).toContain("POST sessions/current/handoff/withdraw");
  });

  test("an ended conversation stands until the next message, which begins a new one", async () => {
    const client = tab();
    client.say("hello");
    await pass(1_000);
    client.finish();
    await pass(1_000);
    expect(texts(client)).toEqual(["hello", "re: hello"]);
    expect(gateway.requests).toContain("DELETE sessions/current");
    client.say("again");
    await pass(3_000);
    expect(texts(client)).toEqual(["again", "re: again"]);
    expect(gateway.sessions.length).toBe(2);
  });
});

test("an answer under way can be stopped", async () => {
  gateway.delivers = false;
  const client = tab();
  const { id } = client.say("a long story");
  await pass(1_000);
  await client.halt();
  expect(gateway.requests).toContain(`POST messages/${id}/stop`);
});
