/** The gateway in memory, over HTTP and WebSocket, with ways to break it. */

import { vi } from "vitest";
import type { Body, Handoff, WireLine } from "../src/panel/types";

interface Session {
  token: string;
  customer: string | null;
  lines: WireLine[];
  handoff: Handoff | null;
}

type Events = Record<string, unknown>[];

export class Gateway {
  /** Whether anything answers. */
  up = true;
  /** Whether WebSockets pass on the way. */
  sockets = true;
  /** Whether an answer goes out; without, the turn ends and only the history has it. */
  delivers = true;
  sessions: Session[] = [];
  open: FakeSocket[] = [];
  /** How often each message id came, and how often it was answered anew. */
  received: string[] = [];
  answered: string[] = [];
  requests: string[] = [];
  /** What came along with the messages. */
  brought: { page?: unknown; files?: unknown }[] = [];
  /** The answer to everything but messages; 0 for the usual. */
  failing = 0;
  /** This page's site is not allowed: its browser keeps the answers from it. */
  foreign = false;
  feedback: unknown[] = [];
  /** Refuse the next messages so, one each. */
  refusals: { status: number; code: string; retryAfter?: number }[] = [];
  /** What proves who the customer is, when it is said. */
  proof = "lin@example.com 310000";
  answer: (text: string) => Body[] = (text) => [{ text: `re: ${text}` }];
  deltas: (text: string) => string[] = () => [];

  install(): void {
    vi.stubGlobal("fetch", (url: string | URL, init: RequestInit = {}) => this.fetch(String(url), init));
    const gateway = this;
    vi.stubGlobal(
      "WebSocket",
      class extends FakeSocket {
        constructor(url: string) {
          super(gateway, url);
        }
      },
    );
  }

  /** Everything goes: sockets close without a word. */
  break(): void {
    this.up = false;
    for (const socket of [...this.open]) socket.end(1006);
  }

  mend(): void {
    this.up = true;
  }

  session(token: string | undefined): Session | undefined {
    return this.sessions.find((one) => one.token === token);
  }

  publish(session: Session, frame: object): void {
    for (const socket of this.open) if (socket.session === session) socket.receive(frame);
  }

  /** The events of a turn, WebSocket's way. A repeated id is answered the same. */
  turn(session: Session, id: string, text: string): Events {
    this.received.push(id);
    const earlier = session.lines.filter(({ reply_to }) => reply_to === id);
    if (!earlier.length) {
      this.answered.push(id);
      session.lines.push({ message_id: id, sender: "customer", text, created_at: at() });
      this.answer(text).forEach((body, n) => {
        const line: WireLine = { message_id: `${id}.${n + 1}`, sender: "bot", reply_to: id, created_at: at(), ...body };
        session.lines.push(line);
        earlier.push(line);
      });
    }
    const { received } = this;
    const first = received.indexOf(id) === received.length - 1;
    return [
      { type: "accepted", message_id: id },
      ...(first ? this.deltas(text).map((part, n) => ({ type: "delta", message_id: id, seq: n + 1, text: part })) : []),
      ...earlier.map(({ message_id, sender: _, reply_to, created_at: __, ...body }) => ({ type: "message", message_id, reply_to, body })),
      { type: "done", message_id: id },
    ];
  }

  /** From now on another token opens the session; whoever has an older one is cut off. */
  prove(session: Session, by?: FakeSocket): void {
    session.token += "+";
    for (const socket of [...this.open]) {
      if (socket.session !== session) continue;
      if (socket === by) socket.receive({ type: "renewed", ...renewal(session) });
      else socket.end(4401);
    }
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const path = new URL(url, "https://shop.example").pathname.replace("/chat/api/v1/", "");
    const method = init.method ?? "GET";
    this.requests.push(`${method} ${path}`);
    await Promise.resolve();
    if (!this.up) throw new TypeError("Failed to fetch");
    if (path.endsWith("widget.js")) return new Response("", { status: 200 });
    if (this.foreign) throw new TypeError("Failed to fetch");
    if (this.failing) return refused(this.failing, "unavailable", this.failing === 429 ? 9 : undefined);
    const body = init.body ? (JSON.parse(init.body as string) as Record<string, string>) : {};
    const token = new Headers(init.headers).get("Authorization")?.replace("Bearer ", "");
    const session = this.session(token);
    if (path === "sessions") {
      if (body.identity === "bad") return refused(401, "identity_refused");
      const made: Session = { token: `t${this.sessions.length + 1}`, customer: body.identity ?? null, lines: [], handoff: null };
      this.sessions.push(made);
      return json(201, { session_id: made.token, token: made.token, expires_at: "2999-01-01T00:00:00Z", customer: made.customer });
    }
    if (!session) return refused(401, "unauthorized");
    if (path === "sessions/identity") {
      if (session.customer && session.customer !== body.identity) return refused(401, "identity_refused");
      if (!session.customer) this.prove(session);
      session.customer = body.identity!;
      return json(200, { customer: body.identity, ...renewal(session) });
    }
    if (path === "sessions/current" && method === "DELETE") {
      this.prove(session);
      return new Response(null, { status: 204 });
    }
    if (path === "sessions/current") return json(200, { handoff: session.handoff });
    if (/\/(stop|contact|withdraw)$/.test(path)) {
      return body.contact === "?" ? refused(422, "contact_unreadable") : new Response(null, { status: 204 });
    }
    if (path === "feedback") {
      this.feedback.push(body);
      return new Response(null, { status: 204 });
    }
    if (method === "GET") return json(200, { messages: session.lines });
    const refusal = this.refusals.shift();
    if (refusal) return refused(refusal.status, refusal.code, refusal.retryAfter);
    this.brought.push({ page: body.page, files: body.files });
    const proves = body.text === this.proof;
    if (proves) this.prove(session);
    const events = this.turn(session, body.message_id!, body.text!);
    if (proves) Object.assign(events.at(-1)!, renewal(session));
    const stream = events
      .slice(1)
      .map(({ type, message_id: _, reply_to: __, body: inner, ...rest }) => {
        return `event: ${type as string}\ndata: ${JSON.stringify(inner ?? rest)}\n\n`;
      })
      .join("");
    return new Response(this.delivers ? stream : "", { headers: { "Content-Type": "text/event-stream" } });
  }
}

export class FakeSocket {
  readonly OPEN = 1;
  readyState = 0;
  session: Session | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(
    readonly gateway: Gateway,
    readonly url: string,
  ) {
    queueMicrotask(() => {
      if (!gateway.up || !gateway.sockets) return this.end(1006);
      this.readyState = 1;
      gateway.open.push(this);
      this.onopen?.();
    });
  }

  send(text: string): void {
    const frame = JSON.parse(text) as Record<string, string>;
    const { gateway } = this;
    if (frame.type === "hello") {
      this.session = gateway.session(frame.token);
      if (!this.session) return this.end(4401);
      this.receive({ type: "ready", session_id: frame.token, customer: this.session.customer, handoff: this.session.handoff });
      const after = this.session.lines.findIndex(({ message_id }) => message_id === frame.after);
      for (const line of this.session.lines.slice(after + 1)) this.receive({ type: "line", ...line });
    } else if (frame.type === "message") {
      const refusal = gateway.refusals.shift();
      if (refusal) {
        this.receive({ type: "error", ...complaint(refusal.code), message_id: frame.message_id, retry_after: refusal.retryAfter });
        return;
      }
      const session = this.session!;
      gateway.brought.push({ page: frame.page, files: frame.files });
      if (frame.text === gateway.proof) gateway.prove(session, this);
      for (const other of gateway.open) {
        if (other === this || other.session !== session) continue;
        other.receive({ type: "line", message_id: frame.message_id, sender: "customer", text: frame.text });
      }
      const events = gateway.turn(session, frame.message_id!, frame.text!);
      if (gateway.delivers) for (const event of events) gateway.publish(session, event);
    } else if (frame.type === "ping") {
      this.receive({ type: "pong" });
    }
  }

  receive(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  close(): void {
    this.end(1000);
  }

  end(code: number): void {
    this.readyState = 3;
    this.gateway.open = this.gateway.open.filter((one) => one !== this);
    this.onclose?.({ code });
  }
}

/** Tabs of one browser, without waiting. */
export class FakeChannel extends EventTarget {
  static all: FakeChannel[] = [];

  constructor(readonly name: string) {
    super();
    FakeChannel.all.push(this);
  }

  postMessage(data: unknown): void {
    for (const other of FakeChannel.all) {
      if (other !== this && other.name === this.name) {
        other.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }));
      }
    }
  }
}

let clock = Date.UTC(2026, 10, 22);
function at(): string {
  return new Date((clock += 1000)).toISOString();
}

function renewal({ token }: Session) {
  return { token, expires_at: "2999-01-01T00:00:00Z" };
}

function complaint(code: string) {
  return { code, message: { zh: `不行：${code}`, en: `No: ${code}` } };
}

function refused(status: number, code: string, retryAfter?: number): Response {
  return json(status, { error: complaint(code) }, retryAfter ? { "Retry-After": String(retryAfter) } : {});
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}
