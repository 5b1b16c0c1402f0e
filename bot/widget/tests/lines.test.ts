/** The order of lines. */

import { expect, test } from "vitest";
import { fromWire, insert, merge } from "../src/panel/lines";
import type { Line } from "../src/panel/types";

const line = (id: string, state: Line["state"] = "sent"): Line => ({
  ...fromWire({ message_id: id, sender: id.includes(".") ? "bot" : "customer", text: id }),
  state,
});
const lines = (...ids: string[]) => ids.map((id) => line(id));
const ids = (all: Line[]) => all.map(({ id }) => id);

test("a line of the history", () => {
  expect(fromWire({ message_id: "m.2", sender: "bot", created_at: "2026-11-22T04:00:00Z", text: "x", buttons: [] })).toEqual({
    id: "m.2", sender: "bot", at: Date.UTC(2026, 10, 22, 4), replyTo: "m", agent: null, state: "sent", body: { text: "x", buttons: [] },
  });
});

test("an answer follows its question, whatever came meanwhile", () => {
  const all = lines("a", "b");
  expect(insert(all, line("a.1"))).toBe(true);
  insert(all, line("a.2"));
  insert(all, line("b.1"));
  expect(ids(all)).toEqual(["a", "a.1", "a.2", "b", "b.1"]);
});

test("a line that is there already is not added", () => {
  const all = [line("a", "waiting")];
  expect(insert(all, line("a"))).toBe(false);
  expect(all[0]!.state).toBe("sent");
  expect(all.length).toBe(1);
});

test("news go before what has not been sent yet", () => {
  const all = [line("a"), line("b", "waiting"), line("c", "waiting")];
  insert(all, fromWire({ message_id: "desk:1", sender: "agent", text: "" }));
  insert(all, line("d", "waiting"));
  expect(ids(all)).toEqual(["a", "desk:1", "b", "c", "d"]);
});

test("the history decides the order; what only this page knows keeps its place", () => {
  const local = [...lines("a", "a.1"), line("x", "failed"), ...lines("b"), line("c", "waiting")];
  expect(ids(merge(lines("a", "a.1", "b", "b.1"), local))).toEqual(["a", "a.1", "x", "b", "b.1", "c"]);
  expect(ids(merge([], local))).toEqual(ids(local));
  expect(ids(merge(lines("a"), []))).toEqual(["a"]);
});
