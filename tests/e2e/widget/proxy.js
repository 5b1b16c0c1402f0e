/**
 * A shop's page under a strict Content-Security-Policy, and the way to the assistant behind it:
 * everything else goes to the real gateway, and the way can be cut.
 */
import http from "node:http";
import net from "node:net";

/** Nothing inline, nothing from elsewhere: what docs/widget.md promises to work. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

export class Proxy {
  /** `gateway`: the address of the real one. */
  constructor(gateway) {
    this.gateway = new URL(gateway);
    this.cut = false;
    /** Paths that answer 404, such as "/api/v1/chat" where something on the way refuses sockets. */
    this.refused = new Set();
    /** What /account/identity says: a JWT, null when nobody is signed in, undefined as the demo shop does. */
    this.identity = null;
    /** JSON files of the shop's own, by path. */
    this.files = {};
    /** A page of the test's own in place of the usual one: (parameters, path) to its HTML. */
    this.page = undefined;
    /** The page's policy; some tests stand for a page without one. */
    this.policy = POLICY;
    this.sockets = new Set();
    this.server = http.createServer((request, answer) => this.#serve(request, answer));
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    this.server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  /** Break every connection and refuse new ones, until `mend`. */
  break() {
    this.cut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.cut = false;
  }

  close() {
    this.break();
    this.server.close();
  }

  #serve(request, answer) {
    if (this.cut) return request.socket.destroy();
    const { pathname, searchParams } = new URL(request.url, "http://shop");
    if (pathname.startsWith("/shop/")) {
      answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...(this.policy && { "Content-Security-Policy": this.policy }) });
      return answer.end((this.page ?? page)(searchParams, pathname));
    }
    if (pathname === "/account/identity" && this.identity !== undefined) {
      if (!this.identity) return answer.writeHead(204).end();
      answer.writeHead(200, { "Content-Type": "application/json" });
      return answer.end(JSON.stringify({ identity: this.identity }));
    }
    if (this.refused.has(pathname)) return answer.writeHead(404).end();
    if (this.files[pathname]) {
      answer.writeHead(200, { "Content-Type": "application/json" });
      return answer.end(JSON.stringify(this.files[pathname]));
    }
    const { hostname, port } = this.gateway;
    const onward = http.request(
      { hostname, port, path: request.url, method: request.method, headers: request.headers },
      (reply) => {
        answer.writeHead(reply.statusCode, reply.headers);
        reply.pipe(answer);
      },
    );
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  #upgrade(request, socket, head) {
    if (this.cut || this.refused.has(request.url)) return socket.destroy();
    const { hostname, port } = this.gateway;
    const onward = net.connect(Number(port), hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let at = 0; at < request.rawHeaders.length; at += 2) {
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      }
      onward.write(`${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) {
      end.on("error", () => {});
      end.on("close", () => {
        socket.destroy();
        onward.destroy();
      });
    }
  }
}

/** A page in the language `lang`; every other parameter becomes a data- attribute of the script. */
function page(parameters) {
  const { lang = "en", dir = "ltr", ...data } = Object.fromEntries(parameters);
  const quoted = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${quoted(value)}"`);
  return `<!doctype html>
<html lang="${quoted(lang)}" dir="${quoted(dir)}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop</title>
<main>
<h1>Shop</h1>
<p><a href="/shop/other?lang=${quoted(lang)}">Another page</a></p>
<p><label>Search <input id="search"></label></p>
</main>
<script src="/widget.js" defer${attributes.join("")}></script>
</html>
`;
}
