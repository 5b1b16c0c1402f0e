/** A browser on the shop's page, and what the tests do with the widget there. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { Proxy } from "./proxy.js";

const require = createRequire(new URL("../../../bot/widget/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const shots = process.env.SHOTS ?? new URL("../../../build/e2e/", import.meta.url).pathname;
rmSync(shots, { recursive: true, force: true });
mkdirSync(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
after(() => browser.close());

export const DESKTOP = { viewport: { width: 1100, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** Ask the test's supervisor for something that only it can do; see tests/e2e/test_widget.py. */
export async function control(what, facts = {}) {
  const answer = await fetch(`${process.env.CONTROL}/${what}`, { method: "POST", body: JSON.stringify(facts) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

/**
 * A test in a browser profile of its own. Afterwards nothing may have been asked of another site,
 * blocked by the page's policy, or written to the console as an error but what `expected` matches.
 */
export function inBrowser(name, { context: options = DESKTOP, expected = /^$/, others = [] } = {}, body) {
  test(name, { timeout: 120_000 }, async () => {
    const proxy = new Proxy(process.env.GATEWAY);
    const base = await proxy.listen();
    const context = await browser.newContext({ locale: "en-GB", permissions: ["clipboard-read", "clipboard-write"], ...options });
    const wrong = [];
    context.on("page", (page) => {
      page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
      page.on("console", (message) => {
        const text = message.text();
        if (message.type() === "error" && !expected.test(text)) wrong.push(`console: ${text}`);
      });
      page.on("dialog", (dialog) => wrong.push(`dialog: ${dialog.message()}`));
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.origin !== base && !others.includes(url.origin) && !["blob:", "data:"].includes(url.protocol)) wrong.push(`request: ${url}`);
      });
    });
    const shop = new Shop(name, proxy, base, context);
    try {
      await body(shop);
      assert.deepEqual(wrong, []);
    } catch (error) {
      await shop.page?.screenshot({ path: `${shots}failed-${name.replaceAll(/\W+/g, "-")}.png` }).catch(() => {});
      throw error;
    } finally {
      await context.close();
      proxy.close();
    }
  });
}

class Shop {
  constructor(name, proxy, base, context) {
    Object.assign(this, { name, proxy, base, context });
  }

  /** A tab with a page of the shop; `data` are the script's attributes. */
  async visit(data = {}, path = "/shop/") {
    this.page = await this.context.newPage();
    await this.page.goto(`${this.base}${path}?${new URLSearchParams(data)}`);
    return new Widget(this.page);
  }
}

export class Widget {
  constructor(page) {
    this.page = page;
    this.launcher = page.locator(".launcher");
    this.panel = page.locator("dialog.panel");
    this.field = page.locator(".write textarea");
    this.rows = page.locator(".row");
  }

  async open() {
    await this.launcher.click();
    await this.panel.waitFor();
  }

  /** The lines as they stand, "customer: …" or "bot: …". */
  async lines() {
    return this.page.locator(".lines > .row").evaluateAll((rows) =>
      rows.map((row) => `${row.classList[1]}: ${row.querySelector(".bubble")?.textContent ?? ""}`),
    );
  }

  /** Write a message and send it. */
  async write(text) {
    await this.field.fill(text);
    await this.field.press("Enter");
    await this.page.locator(".row.customer", { hasText: text }).last().waitFor();
  }

  /** Write a message and wait for the whole answer. */
  async ask(text) {
    await this.write(text);
    await this.answered();
  }

  async answered() {
    await this.page.waitForFunction(() => {
      const root = document.querySelector("shopguide-widget").shadowRoot;
      return root.querySelector(".lines > :last-child")?.matches(".bot") && !root.querySelector(".dots, .growing");
    }, null, { timeout: 40_000 });
  }

  menu(name) {
    return this.page.getByRole("button", { name: "Menu" }).click().then(() => this.page.locator(".menu button", { hasText: name }).click());
  }

  async waitFor(what, check, timeout = 30_000) {
    const until = Date.now() + timeout;
    for (;;) {
      if (await check()) return;
      if (Date.now() > until) assert.fail(`${what}: not within ${timeout / 1000} s; lines: ${await this.lines()}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** What the server has of this browser's conversation: [sender, text]. */
  async history() {
    return this.page.evaluate(async () => {
      const key = Object.keys(localStorage).find((name) => name.endsWith(" session"));
      const session = JSON.parse(localStorage.getItem(key));
      const answer = await fetch("/api/v1/messages", { headers: { Authorization: `Bearer ${session.token}` } });
      return (await answer.json()).messages.map(({ sender, text }) => [sender, text]);
    });
  }

  /** The element that has the focus, through the shadow root. */
  async focused() {
    return this.page.evaluate(() => {
      const outer = document.activeElement;
      const inner = outer.shadowRoot?.activeElement ?? outer;
      return inner.getAttribute("aria-label") || inner.textContent.trim().slice(0, 60) || inner.localName;
    });
  }

  /** Look at the page: a picture for people, and axe's rules. */
  async check(name) {
    await this.page.waitForTimeout(350); // the panel's way in
    await this.page.screenshot({ path: `${shots}${name}.png` });
    await this.page.evaluate(axe);
    const found = await this.page.evaluate(async () => {
      const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join("\n")}`);
    });
    assert.deepEqual(found, [], `axe on ${name}`);
  }
}
