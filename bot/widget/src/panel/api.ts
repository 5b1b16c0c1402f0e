/** The gateway's HTTP interface. */

import { readJson } from "./text";
import type { Body, Handoff, WireLine } from "./types";

/** The gateway said no. `message` is its code, for programs; `sentences` are for the person. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    code: string,
    readonly sentences: Record<string, string>,
    /** Seconds to wait before trying again; 0 when waiting does not help. */
    readonly retryAfter: number,
  ) {
    super(code);
  }
}

export interface Opened {
  session_id: string;
  token: string;
  expires_at: string;
  customer: string | null;
}

export type Feedback =
  | { message_id: string; rating: 1 | -1; reason?: string; comment?: string }
  | { stars: number; comment?: string };

/** A server-sent event: its name and what it carries. */
export type StreamEvent = ["delta", { seq: number; text: string }] | ["message", Body] | ["accepted" | "done", object];

export class Api {
  constructor(
    /** Ends with a slash. */
    readonly base: string,
    private readonly token: () => string | undefined,
  ) {}

  open(identity: string | null): Promise<Opened> {
    return this.json("POST", "sessions", identity ? { identity } : {});
  }

  async identify(identity: string): Promise<void> {
    await this.ask("PUT", "sessions/identity", { identity });
  }

  async history(): Promise<WireLine[]> {
    return (await this.json<{ messages: WireLine[] }>("GET", "messages")).messages;
  }

  current(): Promise<{ handoff: Handoff | null }> {
    return this.json("GET", "sessions/current");
  }

  async rate(feedback: Feedback): Promise<void> {
    await this.ask("POST", "feedback", feedback);
  }

  /** Say something over HTTP: `accepted`, then the answer's events as they come. Without `done` at the end, it broke off. */
  async *say(id: string, text: string, signal: AbortSignal): AsyncGenerator<StreamEvent> {
    const answer = await this.ask("POST", "messages", { message_id: id, text }, signal);
    yield ["accepted", {}];
    yield* events(answer.body!);
  }

  private async json<T>(method: string, path: string, body?: object): Promise<T> {
    return readJson(await (await this.ask(method, path, body)).text());
  }

  private async ask(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
    const token = this.token();
    const answer = await fetch(this.base + path, {
      method,
      headers: {
        ...(body && { "Content-Type": "application/json" }),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: body ? JSON.stringify(body) : null,
      signal: signal ?? AbortSignal.timeout(15_000),
      credentials: "omit",
      cache: "no-store",
    });
    if (answer.ok) return answer;
    const { error } = (await answer.json().catch(() => ({}))) as {
      error?: { code: string; message: Record<string, string> };
    };
    throw new Refused(
      answer.status,
      error?.code ?? "unavailable",
      error?.message ?? {},
      Number(answer.headers.get("Retry-After")) || 0,
    );
  }
}

/** Server-sent events out of a body; each has its data on one line. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough<string>(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value.replaceAll("\r", "")).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const [, name, data] = /event: *(\w+)\ndata: *([^\n]*)/.exec(block) ?? [];
      if (data) yield [name, readJson(data)] as StreamEvent;
    }
  }
}
