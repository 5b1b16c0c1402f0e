/**
 * The conversation: its session, its lines, and the connection that keeps them up to date. Knows
 * nothing of the page.
 *
 * A message stays in the outbox, which outlives the page, until it is answered; it is sent again
 * under the same id after every break, and the gateway answers each id once. So nothing is lost
 * and nothing doubled, whatever breaks and however many tabs send at once.
 */

import type { Pending, Store } from "../shared/store";
import { Api, type Feedback, Refused, type Renewed, type Said } from "./api";
import { fromWire, insert, merge } from "./lines";
import type { Page } from "./page";
import { readJson } from "./text";
import type { Body, Growing, Handoff, Line, SentFile, WireLine } from "./types";

export interface Hooks {
  /** Something is to be drawn anew. */
  changed(): void;
  /** A whole message has come that nobody asked to see again. */
  arrived(line: Line): void;
  /** Who is signed in on the shop's page: a JWT, null for nobody, undefined when unknown. */
  identity(): Promise<string | null | undefined>;
  /** Where the customer is now. */
  page(): Page;
  /** The sentence for the person, out of the gateway's languages. */
  sentence(sentences: Record<string, string>): string;
}

/** Why nothing goes: no network, a gateway that does not let this site in, that asks to wait, or that fails. */
export interface Trouble {
  kind: "network" | "site" | "busy" | "server";
  /** When it is to be tried again, where the gateway said. */
  until?: number;
}

type Shared = { kind: "line"; line: Line } | { kind: "seen" } | { kind: "forget"; since: number };

// Milliseconds.
const BACK_OFF = 500;
const LONGEST_BACK_OFF = 30_000;
const READY = 8_000;
const PING = 25_000;
const ANSWER = 45_000;
const POLL = 5_000;
/** As long as a new token may be on its way to another tab, or from it. */
const RENEWAL = 2_000;

/** A socket that never came up this often, while HTTP did, is taken to be blocked on the way. */
const SOCKET_ATTEMPTS = 2;

export class Client {
  lines: Line[] = [];
  growing: Growing | null = null;
  handoff: Handoff | null = null;
  /** There is no connection, though there should be one. */
  broken = false;
  trouble: Trouble | null = null;
  /** The customer has ended it: the next message begins a new one. */
  ended = false;

  readonly api: Api;
  private readonly channel: BroadcastChannel | null;
  private socket: WebSocket | null = null;
  private socketFailures = 0;
  private running = false;
  private stopped = false;
  /** The gateway does not let this site in: trying on does not help. */
  private barred = false;
  private proved = false;
  /** Since when the same person is signed in: what waits since then is theirs, whoever's conversation ends. */
  private since = performance.timeOrigin;
  private loaded = false;
  /** The message whose answer is awaited, and when to lose patience. */
  private asked: { id: string; timer: ReturnType<typeof setTimeout> } | null = null;
  private wake: () => void = () => {};
  /** Breaks the connection off, whichever kind it is. */
  private drop: () => void = () => {};
  private waitMs = 0;

  constructor(
    base: string,
    readonly store: Store,
    private readonly hooks: Hooks,
  ) {
    this.api = new Api(base, () => this.store.get("session")?.token);
    this.channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(store.key);
    this.channel?.addEventListener("message", ({ data }: MessageEvent<Shared>) => this.overheard(data));
    for (const { id, text, at, files } of store.outbox()) this.lines.push(mine(id, text, at, files as SentFile[]));
  }

  /** Take up the conversation that is under way, if there is one. */
  start(): void {
    this.stopped = false;
    if (this.wanted()) void this.run();
  }

  /** Let go of the connection until the next `start`. */
  stop(): void {
    this.stopped = true;
    this.disconnect();
  }

  /** The network may be back, or the page is looked at again: do not wait any longer. */
  hurry(): void {
    this.wake();
  }

  /** Break the connection off; it is made again as long as there is a conversation. */
  disconnect(): void {
    this.drop();
    this.wake();
  }

  /** `shown`: what is shown of it, where that is not all. */
  say(text: string, files: SentFile[] = [], shown?: string): Line {
    if (this.ended) {
      this.lines = [];
      this.ended = false;
    }
    const line = mine(newId(), text, now(), files);
    if (shown) this.store.set("veils", { ...this.store.get("veils"), [line.id]: shown });
    this.enqueue(line);
    return line;
  }

  /** What is shown in the place of a line that says who the customer is. */
  veil({ id }: Line): string | undefined {
    return this.store.get("veils")?.[id];
  }

  shown(line: Line): string {
    return this.veil(line) ?? line.body.text;
  }

  /** End the answer that grows; what was said so far stays as the message. */
  async halt(): Promise<void> {
    const id = this.growing?.id ?? this.asked?.id;
    if (id) await this.api.halt(id).catch(() => {}); // it may have ended by itself
  }

  /** Have a conversation, for what is sent before the first message. */
  async session(): Promise<void> {
    await this.ensureSession();
    void this.run();
  }

  /** Leave word where a person may reach the customer. */
  async leave(contact: string): Promise<void> {
    await this.api.contact(contact);
    if (this.handoff) this.takeHandoff({ ...this.handoff, contact: false });
    this.hooks.changed();
  }

  async withdraw(): Promise<void> {
    await this.api.withdraw();
    this.takeHandoff(null);
    this.hooks.changed();
  }

  /** End the conversation, and let it stand on this page until the next message. */
  finish(): void {
    const lines = this.lines.map((line) => ({ ...line, body: { ...line.body, text: this.shown(line) } }));
    this.forget();
    this.lines = lines;
    this.ended = true;
    this.hooks.changed();
  }

  /** Whether a person is asked for, or speaks. */
  get handedOff(): boolean {
    return Boolean(this.handoff && this.handoff.state !== "closed");
  }

  /** Whether a person has read a line of the customer's. */
  isRead(line: Line): boolean {
    const upTo = this.lines.findIndex(({ id }) => id === this.store.get("readUpTo"));
    return upTo >= 0 && this.lines.indexOf(line) <= upTo;
  }

  /** Send a message again that was refused, or answered with an apology. */
  retry(line: Line): void {
    this.lines = this.lines.filter(({ id, replyTo }) => id !== line.id && replyTo !== line.id);
    this.enqueue(mine(line.id, line.body.text, now(), line.body.files));
  }

  async identify(): Promise<void> {
    this.proved = false;
    this.since = now();
    if (this.store.get("session")) await this.prove();
    this.hooks.changed();
  }

  async rate(feedback: Feedback): Promise<void> {
    await this.api.rate(feedback);
    if ("message_id" in feedback) {
      this.store.set("ratings", { ...this.store.get("ratings"), [feedback.message_id]: feedback.rating });
    }
  }

  /** End this conversation; the next message begins a new one, as do those that wait since `since`. */
  forget(since = Infinity): void {
    // Whoever has its token has nothing of it then. Without the gateway it is over here, at least.
    if (this.store.get("session")) void this.api.end().catch(() => {});
    this.clear(since);
    this.tell({ kind: "forget", since });
  }

  /** Lines of the other side after the last one that was seen. */
  unread(): number {
    const readId = this.store.get("readId");
    const seen = this.lines.findLastIndex(({ id }) => id === readId);
    return this.lines.slice(seen + 1).filter(({ sender }) => sender !== "customer").length;
  }

  /** The customer has everything before their eyes. */
  seen(): void {
    const last = this.lines.findLast(({ sender }) => sender !== "customer");
    if (!last || last.id === this.store.get("readId")) return;
    this.store.set("readId", last.id);
    this.tell({ kind: "seen" });
  }

  // — connection ———————————————————————————————————————————————————————————

  private wanted(): boolean {
    return !this.stopped && !this.barred && Boolean(this.store.get("session") || this.store.outbox().length);
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    let failures = 0;
    const worked = () => {
      this.broken = false;
      this.trouble = null;
      this.hooks.changed();
    };
    while (this.wanted()) {
      const began = Date.now();
      const used = this.store.get("session")?.token;
      try {
        await this.ensureSession();
        if (!this.wanted()) break;
        await this.load();
        failures = Math.min(failures, 2); // somebody is there
        if (this.socketFailures < SOCKET_ATTEMPTS && typeof WebSocket !== "undefined") {
          await this.overSocket(worked);
        } else {
          worked();
          await this.overFetch();
        }
        this.trouble = { kind: "network" };
      } catch (error) {
        this.trouble = { kind: "network" };
        if (error instanceof Refused) {
          if (error.status === 429) this.trouble = { kind: "busy", until: Date.now() + error.retryAfter * 1000 };
          else if (error.status >= 500) this.trouble = { kind: "server" };
          if (error.status === 401 && this.store.get("session")) {
            // The customer was proven in another tab, which has the new token, or the conversation
            // is over: then what was not answered goes into a new one.
            await this.until(RENEWAL);
            if (this.store.get("session")?.token === used) this.store.set("session", undefined);
            continue;
          }
          this.waitMs = Math.max(this.waitMs, error.retryAfter * 1000);
        }
        if (error instanceof Refused ? error.message === "origin_refused" : error instanceof TypeError && (await this.api.refusesSite())) {
          this.barred = true;
          this.trouble = { kind: "site" };
          console.error(
            `Shopguide: pages of ${location.origin} are refused; add it to SHOPGUIDE_ALLOWED_ORIGINS and restart.`,
          );
        }
      }
      this.growing = null;
      this.forgetAsked();
      if (Date.now() - began > READY) failures = 0; // what took or lasted so long needs no more patience
      this.broken = true;
      this.hooks.changed();
      if (!this.barred) await this.pause(failures++);
    }
    this.running = false;
    this.broken = this.barred;
    this.hooks.changed();
  }

  /** Wait longer after each failure, never all clients at once; less when something happens. */
  private async pause(failures: number): Promise<void> {
    const most = Math.min(LONGEST_BACK_OFF, BACK_OFF * 2 ** Math.min(failures, 10));
    const wait = this.waitMs + most * (0.5 + Math.random() / 2);
    this.waitMs = 0;
    await this.until(wait);
  }

  private async until(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }

  private async ensureSession(): Promise<void> {
    const session = this.store.get("session");
    if (session && Date.parse(session.expires) <= Date.now()) this.store.set("session", undefined);
    if (!this.proved) await this.prove();
    if (this.store.get("session") || !this.wanted()) return;
    // Two tabs must not open two conversations.
    await alone(this.store.key, async () => {
      if (this.store.get("session")) return;
      const identity = await this.hooks.identity();
      const opened = await this.api.open(identity ?? null).catch((error: unknown) => {
        if (identity && error instanceof Refused && error.status === 401) return this.api.open(null);
        throw error;
      });
      this.keep(opened, Boolean(opened.customer));
    });
  }

  /** Hold the open conversation against who is signed in on the page now. */
  private async prove(): Promise<void> {
    const session = this.store.get("session");
    if (session) {
      const identity = await this.hooks.identity();
      if (identity) {
        try {
          this.keep(await this.api.identify(identity), true);
        } catch (error) {
          if (!(error instanceof Refused && error.message === "identity_refused")) throw error;
          // The conversation is another customer's: this one must not read it.
          this.forget(this.since);
        }
      } else if (identity === null && session.signed) {
        this.forget(this.since);
      }
    }
    this.proved = true;
  }

  /** Only this token opens the conversation from now on. */
  private keep({ token, expires_at: expires }: Renewed, signed: boolean): void {
    this.store.set("session", { token, expires, signed });
  }

  /** The history as the server has it. */
  private async load(): Promise<void> {
    const session = this.store.get("session");
    const history = (await this.api.history()).map(fromWire);
    if (this.store.get("session")?.token !== session?.token) return; // it was ended meanwhile
    for (const { replyTo } of history) if (replyTo) this.store.take(replyTo);
    const known = new Set(this.lines.map(({ id }) => id));
    const fresh = this.loaded ? history.filter(({ id }) => !known.has(id)) : [];
    this.loaded = true;
    this.lines = merge(history, this.lines);
    this.hooks.changed();
    for (const line of fresh) if (line.sender !== "customer") this.hooks.arrived(line);
  }

  /** Resolves when a socket that was ready closes. */
  private overSocket(worked: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.api.base.replace(/^http/, "ws") + "chat");
      let ready = false;
      let heard = true;
      let timer = setTimeout(() => this.drop(), READY);
      const listen = () => {
        timer = setTimeout(() => {
          if (!heard) return this.drop();
          heard = false;
          post(socket, { type: "ping" });
          listen();
        }, PING);
      };
      const ended = (code: number) => {
        clearTimeout(timer);
        socket.onmessage = socket.onclose = null;
        this.socket = null;
        this.drop = () => {};
        if (code === 4401) reject(new Refused(401, "", {}, 0));
        else if (ready) resolve();
        else {
          this.socketFailures++;
          reject(); // it did not come up
        }
      };
      // The browser may take a minute to notice that the other side is gone: it is not asked.
      this.drop = () => {
        socket.close();
        ended(0);
      };
      socket.onclose = ({ code }) => ended(code);
      socket.onopen = () =>
        post(socket, {
          type: "hello",
          token: this.store.get("session")?.token,
          after: this.lines.findLast(({ state }) => state === "sent")?.id ?? null,
        });
      socket.onmessage = ({ data }: MessageEvent<string>) => {
        heard = true;
        const frame = readJson<Frame>(data);
        this.take(frame);
        if (frame.type !== "ready" || ready) return;
        ready = true;
        clearTimeout(timer);
        listen();
        this.socket = socket;
        this.socketFailures = 0;
        worked();
        this.flush();
      };
    });
  }

  /** One answer after another, and a look for news while a person may write. */
  private async overFetch(): Promise<void> {
    while (this.wanted()) {
      const [next] = this.store.outbox();
      if (next) await this.sayOverFetch(next);
      else {
        await this.until(this.handoff && this.handoff.state !== "closed" ? POLL : 2 ** 30);
        if (!this.wanted() || this.store.outbox().length) continue;
        await this.load();
        this.takeHandoff((await this.api.current()).handoff);
      }
    }
  }

  private async sayOverFetch(pending: Pending): Promise<void> {
    const { id } = pending;
    const cut = new AbortController();
    this.drop = () => cut.abort();
    const timer = setTimeout(this.drop, ANSWER);
    let count = 0;
    try {
      for await (const [type, data] of this.api.say(outgoing(pending), cut.signal)) {
        if (type === "message") this.take({ type, message_id: `${id}.${++count}`, reply_to: id, body: data });
        else this.take({ type, message_id: id, ...data } as Frame);
      }
      if (this.isPending(id)) throw new Error(); // it broke off
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401 || error.status >= 500) throw error;
      this.growing = null;
      const { sentences: message, retryAfter: retry_after } = error;
      this.take({ type: "error", message, message_id: id, retry_after });
      if (retry_after) await this.until(retry_after * 1000);
    } finally {
      clearTimeout(timer);
      this.drop = () => {};
    }
  }

  /** Send what is first in line, unless an answer is under way. */
  private flush(): void {
    const [next] = this.store.outbox();
    if (!this.socket || this.asked || !next) return;
    // No answer and no refusal: the line is dead, whatever the browser thinks.
    this.asked = { id: next.id, timer: setTimeout(() => this.drop(), ANSWER) };
    post(this.socket, { type: "message", ...outgoing(next) });
  }

  private forgetAsked(): void {
    if (this.asked) clearTimeout(this.asked.timer);
    this.asked = null;
  }

  // — what comes in ————————————————————————————————————————————————————————

  private take(frame: Frame): void {
    const session = this.store.get("session");
    if ("token" in frame && session) this.keep(frame, session.signed);
    switch (frame.type) {
      case "accepted": {
        const line = this.lines.find(({ id }) => id === frame.message_id);
        if (line) line.state = "sent";
        if (this.trouble?.kind === "busy") this.trouble = null;
        this.growing = { id: frame.message_id, text: "", seq: 0 };
        break;
      }
      case "delta":
        if (this.growing?.id === frame.message_id && frame.seq <= this.growing.seq) return;
        if (this.lines.some(({ replyTo }) => replyTo === frame.message_id)) return; // overtaken
        this.growing = { id: frame.message_id, text: frame.text, seq: frame.seq };
        break;
      case "message": {
        const { message_id, reply_to, body } = frame;
        if (this.growing?.id === reply_to) this.growing = null;
        if (body.handoff) this.takeHandoff(body.handoff);
        const asked = this.lines.find(({ id }) => id === reply_to);
        if (asked) asked.state = message_id === `${reply_to}.0` ? "failed" : "sent"; // 0: an apology
        this.add(fromWire({ message_id, sender: "bot", reply_to, ...body }));
        return;
      }
      case "done":
        if (this.growing?.id === frame.message_id) this.growing = null;
        this.settle(frame.message_id);
        break;
      case "line":
        this.add(fromWire(frame));
        return;
      case "ready":
        this.takeHandoff(frame.handoff);
        break;
      case "handoff":
        this.takeHandoff(frame);
        break;
      case "read":
        this.store.set("readUpTo", frame.message_id);
        break;
      case "error":
        this.refuse(frame);
        break;
      case "closing":
        this.waitMs = frame.retry_ms;
        break;
    }
    this.hooks.changed();
  }

  private add(line: Line): void {
    if (!insert(this.lines, line)) return;
    this.tell({ kind: "line", line });
    this.hooks.changed();
    if (line.sender !== "customer") this.hooks.arrived(line);
  }

  /** This message needs no more sending. */
  private settle(id: string): void {
    this.store.take(id);
    if (this.asked?.id === id) this.forgetAsked();
    this.flush();
  }

  private refuse({ message_id: id, retry_after, message }: ErrorFrame): void {
    if (!id) {
      // About the connection, which the gateway closes now.
      this.waitMs = (retry_after ?? 0) * 1000;
      return;
    }
    if (this.growing?.id === id) this.growing = null;
    if (retry_after) {
      // Too fast: it stays first in line.
      this.trouble = { kind: "busy", until: Date.now() + retry_after * 1000 };
      if (this.asked?.id === id) {
        this.forgetAsked();
        setTimeout(() => this.flush(), retry_after * 1000);
      }
      return;
    }
    const line = this.lines.find((one) => one.id === id);
    if (line) Object.assign(line, { state: "failed", error: this.hooks.sentence(message) });
    this.settle(id);
  }

  private takeHandoff(handoff: Handoff | null): void {
    this.handoff = handoff;
    this.store.set("handedOff", Boolean(handoff && handoff.state !== "closed"));
  }

  private overheard(shared: Shared): void {
    if (shared.kind === "forget") this.clear(shared.since);
    else if (shared.kind === "line" && insert(this.lines, shared.line)) {
      if (shared.line.sender !== "customer") this.hooks.arrived(shared.line);
      if (this.store.get("session")) this.start(); // the other tab has begun the conversation
    }
    this.hooks.changed();
  }

  private tell(shared: Shared): void {
    this.channel?.postMessage(shared);
  }

  private enqueue(line: Line): void {
    const { id, at, body } = line;
    const { files } = body;
    this.store.put({ id, text: body.text, at, page: this.hooks.page(), ...(files?.length && { files }) });
    this.add(line);
    this.barred = false; // whoever writes may try once more
    void this.run();
    this.flush();
    this.wake();
  }

  private clear(since: number): void {
    for (const fact of ["session", "readId", "unread", "handedOff", "ratings", "veils", "readUpTo"] as const) this.store.set(fact, undefined);
    for (const { id, at } of this.store.outbox()) if (at < since) this.store.take(id);
    this.lines = this.lines.filter(({ id }) => this.isPending(id));
    this.growing = this.handoff = null;
    this.forgetAsked();
    this.disconnect();
    this.hooks.changed();
  }

  private isPending(id: string): boolean {
    return this.store.outbox().some((pending) => pending.id === id);
  }
}

interface ErrorFrame {
  type: "error";
  code?: string;
  message: Record<string, string>;
  message_id?: string;
  retry_after?: number;
}

type Frame =
  | { type: "ready"; session_id: string; customer: string | null; handoff: Handoff | null }
  | { type: "accepted" | "done"; message_id: string }
  | ({ type: "done"; message_id: string } & Renewed)
  | ({ type: "renewed" } & Renewed)
  | { type: "delta"; message_id: string; seq: number; text: string }
  | { type: "message"; message_id: string; reply_to: string; body: Body }
  | ({ type: "line" } & WireLine)
  | ({ type: "handoff" } & Handoff)
  | { type: "read"; message_id: string }
  | ErrorFrame
  | { type: "closing"; retry_ms: number }
  | { type: "pong" };

function post(socket: WebSocket, frame: object): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
}

function mine(id: string, text: string, at: number, files: SentFile[] = []): Line {
  const body = { text, ...(files.length && { files }) };
  return { id, sender: "customer", at, replyTo: null, agent: null, body, state: "waiting" };
}

function outgoing({ id, text, page, files }: Pending): Said {
  return {
    message_id: id,
    text,
    ...(page && Object.keys(page).length && { page }),
    ...(files?.length && { files: files.map(({ file_id }) => file_id) }),
  };
}

/** Two messages never have the same moment, so that they keep their order. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function newId(): string {
  // Pages that come without TLS have no randomUUID.
  return crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
}

/** Run in one tab at a time, where the browser can see to it. */
export function alone(name: string, work: () => Promise<void>): Promise<void> {
  return navigator.locks ? (navigator.locks.request(name, work) as Promise<void>) : work();
}
