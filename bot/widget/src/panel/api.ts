/** The gateway's HTTP interface. */

import { readJson } from "./text";
import type { Page } from "./page";
import type { Body, FileKind, Handoff, SentFile, WireLine } from "./types";

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

/** The token that opens the conversation in place of the earlier one. */
export interface Renewed {
  token: string;
  expires_at: string;
}

export interface Notice {
  keep_days: number;
  privacy_url: string | null;
  email: string | null;
  /** What may be sent along. */
  files?: FileKind[];
  /** The largest of them, in MB. */
  file_mb?: number;
  /** Whose pictures products and people have. */
  picture_hosts?: string[];
  shop?: {
    name?: Record<string, string>;
    phone?: string | null;
    email?: string | null;
    agent_picture?: string | null;
    sign_in_url?: string | null;
    cart_url?: string | null;
  };
}

/** A message as it goes out. */
export interface Said {
  message_id: string;
  text: string;
  page?: Page;
  files?: string[];
}

export type Feedback =
  | { message_id: string; rating: 1 | -1 | 0; reason?: string; comment?: string }
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

  /** Tell who signed in; only the token of the answer opens the conversation from now on. */
  identify(identity: string): Promise<Renewed> {
    return this.json("PUT", "sessions/identity", { identity });
  }

  /** End the conversation. */
  end(): Promise<unknown> {
    return this.ask("DELETE", "sessions/current");
  }

  /** What whoever writes should know before. */
  notice(): Promise<Notice> {
    return this.json("GET", "notice");
  }

  async history(): Promise<WireLine[]> {
    return (await this.json<{ messages: WireLine[] }>("GET", "messages")).messages;
  }

  current(): Promise<{ handoff: Handoff | null }> {
    return this.json("GET", "sessions/current");
  }

  rate(feedback: Feedback): Promise<unknown> {
    return this.ask("POST", "feedback", feedback);
  }

  /** End the answer to a message where it stands. */
  halt(id: string): Promise<unknown> {
    return this.ask("POST", `messages/${encodeURIComponent(id)}/stop`);
  }

  /** Where a person may reach the customer later. */
  contact(contact: string): Promise<unknown> {
    return this.ask("POST", "sessions/current/contact", { contact });
  }

  /** The customer needs no person any more. */
  withdraw(): Promise<unknown> {
    return this.ask("POST", "sessions/current/handoff/withdraw");
  }

  /** Send a file; `progress` hears which share of it is out. Only XMLHttpRequest knows that. */
  upload(body: Blob, type: string, name: string, progress: (share: number) => void, signal: AbortSignal): Promise<SentFile> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${this.base}sessions/current/files`);
      request.setRequestHeader("Content-Type", type);
      request.setRequestHeader("X-File-Name", encodeURIComponent(name));
      request.setRequestHeader("Authorization", `Bearer ${this.token()}`);
      request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
      request.onload = () => {
        const answer = told(request.responseText);
        if (request.status === 201) resolve(answer as unknown as SentFile);
        else reject(refusal(request.status, answer, request.getResponseHeader("Retry-After")));
      };
      request.onerror = request.onabort = () => reject(new TypeError("not sent"));
      signal.addEventListener("abort", () => request.abort());
      request.send(body);
    });
  }

  /**
   * Whether the gateway is there and refuses this page's site. A browser keeps that from scripts;
   * but the widget's own file may be read by any site.
   */
  async refusesSite(): Promise<boolean> {
    if (new URL(this.base).origin === location.origin) return false;
    const file = this.base.replace(/api\/v1\/$/, "widget.js");
    return fetch(file, { credentials: "omit", cache: "no-store" }).then(({ ok }) => ok, () => false);
  }

  /** Say something over HTTP: `accepted`, then the answer's events as they come. Without `done` at the end, it broke off. */
  async *say(said: Said, signal: AbortSignal): AsyncGenerator<StreamEvent> {
    const answer = await this.ask("POST", "messages", said, signal);
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
    throw refusal(answer.status, told(await answer.text().catch(() => "")), answer.headers.get("Retry-After"));
  }
}

interface Complaint {
  error?: { code: string; message: Record<string, string> };
}

function told(json: string): Complaint {
  try {
    return readJson<Complaint>(json) ?? {};
  } catch {
    return {};
  }
}

function refusal(status: number, { error }: Complaint, retryAfter: string | null): Refused {
  return new Refused(status, error?.code ?? "unavailable", error?.message ?? {}, Number(retryAfter) || 0);
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
