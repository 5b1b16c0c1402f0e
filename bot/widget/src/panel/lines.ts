/** The order of a conversation's lines, whichever way and however often they arrive. */

import type { Line, WireLine } from "./types";

export function fromWire(wire: WireLine): Line {
  const { message_id, sender, created_at, reply_to, agent, unanswered, ...body } = wire;
  return {
    id: message_id,
    sender,
    at: created_at ? Date.parse(created_at) : Date.now(),
    replyTo: reply_to ?? (sender === "bot" ? message_id.replace(/\.\d+$/, "") : null),
    agent: agent ?? null,
    body,
    state: unanswered ? "failed" : "sent",
  };
}

/**
 * Put a line where it belongs; false when it was there already. An answer follows its question;
 * everything else goes to the end, but before what has not been sent yet.
 */
export function insert(lines: Line[], line: Line): boolean {
  const known = lines.find(({ id }) => id === line.id);
  if (known) {
    if (line.sender === "customer" && line.state === "sent") known.state = "sent";
    return false;
  }
  let place = lines.length;
  const belongs = ({ id, replyTo }: Line) => id === line.replyTo || replyTo === line.replyTo;
  const question = line.replyTo === null ? -1 : lines.findLastIndex(belongs);
  if (question >= 0) place = question + 1;
  else if (line.state === "sent") while (place && lines[place - 1]!.state === "waiting") place--;
  lines.splice(place, 0, line);
  return true;
}

/**
 * The server's history is right about the order; what only this page knows (an apology, a message
 * that failed) keeps its place after the line before it, and what waits stays at the end.
 */
export function merge(history: Line[], local: Line[]): Line[] {
  const merged = [...history];
  const there = new Set(history.map(({ id }) => id));
  let before: string | null = null;
  for (const line of local) {
    if (!there.has(line.id)) {
      const place = merged.findIndex(({ id }) => id === before);
      merged.splice(line.state === "waiting" || place < 0 ? merged.length : place + 1, 0, line);
    }
    before = line.id;
  }
  return merged;
}
