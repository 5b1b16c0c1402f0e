/**
 * A gateway in memory for what only the page's side is about: the built widget's files, and the
 * interface as docs/gateway.md says, with ways to refuse. Sockets are answered in the browser.
 */
import { readFile } from "node:fs/promises";
import http from "node:http";

const dist = new URL("../../../bot/widget/dist/", import.meta.url);
const json = { "Content-Type": "application/json" };

export class FakeGateway {
  constructor() {
    this.reset();
    this.server = http.createServer((request, answer) => void this.#serve(request, answer));
  }

  reset() {
    /** What the messages brought, in their order. */
    this.messages = [];
    this.uploads = [];
    this.ratings = [];
    this.calls = [];
    this.lines = [];
    this.notice = { keep_days: 180, privacy_url: null, email: null, files: [], shop: { name: { en: "Fir & Fell", zh: "杉岭" } } };
    this.handoff = null;
    /** The bodies of an answer. */
    this.answer = ({ text }) => [{ text: `re: ${text}`, language: "en" }];
    /** Whether answers come by themselves, or when the test sends them. */
    this.quiet = false;
    this.refuse = null;
    this.delay = 0;
    this.socket = null;
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Answer the sockets of this browser. */
  async attach(context) {
    await context.routeWebSocket(/\/api\/v1\/chat$/, (socket) => {
      this.socket = socket;
      socket.onMessage((text) => {
        const frame = JSON.parse(text);
        if (frame.type === "hello") this.send({ type: "ready", session_id: "s", customer: null, handoff: this.handoff });
        if (frame.type === "ping") this.send({ type: "pong" });
        if (frame.type === "message") this.#turn(frame);
      });
    });
  }

  send(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  #turn({ type: _, ...said }) {
    this.messages.push(said);
    const { message_id } = said;
    if (this.refuse?.socket) return this.send({ type: "error", message_id, message: { en: "No.", zh: "不行。" }, ...this.refuse.socket });
    this.send({ type: "accepted", message_id });
    this.lines.push({ message_id, sender: "customer", text: said.text });
    if (this.quiet) return;
    this.answer(said).forEach((body, at) => {
      const line = { message_id: `${message_id}.${at + 1}`, reply_to: message_id };
      this.lines.push({ ...line, sender: "bot", ...body });
      this.send({ type: "message", ...line, body });
    });
    this.send({ type: "done", message_id });
  }

  async #serve(request, answer) {
    const { pathname } = new URL(request.url, "http://gateway");
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (!pathname.startsWith("/api/v1/")) {
      const file = pathname.replace(/^\/(widget\/)?/, "");
      const content = await readFile(new URL(file, dist)).catch(() => null);
      if (!content) return answer.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
      answer.writeHead(200, { "Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin" });
      return answer.end(content);
    }
    const path = pathname.slice("/api/v1/".length);
    const { origin, host } = request.headers;
    // As the real one: a site that is not allowed gets an answer that its browser keeps from it.
    if (origin && new URL(origin).host !== host && this.refuse?.origin) return this.#say(answer, 403, "origin_refused");
    this.calls.push(`${request.method} ${path}`);
    if (this.refuse?.status) return this.#say(answer, this.refuse.status, "unavailable", this.refuse.headers);
    const tell = (status, value) => answer.writeHead(status, json).end(value && JSON.stringify(value));
    if (path === "notice") return tell(200, this.notice);
    if (path === "sessions") return tell(201, { session_id: "s", token: "t", expires_at: "2999-01-01T00:00:00Z", customer: null });
    if (path === "sessions/identity") return tell(200, { customer: "Lin", token: "t+", expires_at: "2999-01-01T00:00:00Z" });
    if (path === "messages") return tell(200, { messages: this.lines });
    if (path === "sessions/current/files") {
      const name = decodeURIComponent(request.headers["x-file-name"] ?? "");
      this.uploads.push({ type: request.headers["content-type"], name, body });
      return tell(201, { file_id: `f${this.uploads.length}`, kind: "picture", name, size: body.length });
    }
    if (path === "sessions/current/contact") {
      const { contact } = JSON.parse(body);
      return /@|\d{6}/.test(contact) ? answer.writeHead(204).end() : this.#say(answer, 422, "contact_unreadable");
    }
    if (path === "feedback") this.ratings.push(JSON.parse(body).rating);
    return answer.writeHead(204).end();
  }

  #say(answer, status, code, headers = {}) {
    answer.writeHead(status, { ...json, ...headers });
    answer.end(JSON.stringify({ error: { code, message: { zh: code, en: code } } }));
  }
}
