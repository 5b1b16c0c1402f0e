/** The widget on a strict page, in Chromium, with the whole system behind it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { control, DESKTOP, inBrowser, PHONE, Widget } from "./browser.js";

const NETWORK = /Failed to load resource|WebSocket connection|ERR_/;

// — what customers see ————————————————————————————————————————————————————

for (const [look, context] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  for (const scheme of ["light", "dark"]) {
    inBrowser(`English, ${look}, ${scheme}`, { context: { ...context, colorScheme: scheme } }, async (shop) => {
      const shot = (name) => widget.check(`en-${look}-${scheme}-${name}`);
      const widget = await shop.visit();
      await shot("closed");
      await widget.open();
      await shot("welcome");
      await widget.ask("I need a tent for two under 3 kg");
      assert.ok((await widget.page.locator(".product").count()) > 1);
      await shot("products");
      await widget.ask("compare the first two");
      await widget.page.locator("table").waitFor();
      await shot("table");
      await widget.ask("Is the Ridgeline 2 Tent waterproof?");
      const chip = widget.page.locator(".cite").first();
      await chip.click();
      await widget.page.locator(".note", { hasText: "3,000 mm" }).waitFor();
      await shot("source");
      await widget.page.getByRole("button", { name: "Menu" }).click();
      await shot("menu");
    });

    inBrowser(`中文, ${look}, ${scheme}`, { context: { ...context, colorScheme: scheme, locale: "zh-CN" } }, async (shop) => {
      const shot = (name) => widget.check(`zh-${look}-${scheme}-${name}`);
      const widget = await shop.visit({ lang: "zh" });
      await widget.open();
      await shot("welcome");
      await widget.ask("想买个双人帐篷，两公斤以内");
      await shot("products");
      await widget.ask("我的包裹到哪了");
      await widget.ask("chen.hao@example.com 610041");
      assert.match(await widget.page.locator(".steps .current").textContent(), /已发货/);
      await widget.page.locator("summary").click();
      await shot("order");
      await widget.page.locator(".act.down").last().click();
      await widget.page.locator("legend", { hasText: "哪里不满意？" }).waitFor();
      await shot("reasons");
    });
  }
}

inBrowser("the answer grows in order and ends whole", {}, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.page.evaluate(() => {
    const root = document.querySelector("shopguide-widget").shadowRoot;
    window.seen = { grown: [], typed: 0, announced: [] };
    new MutationObserver(() => {
      const growing = root.querySelector(".growing .bubble:not(.dots)")?.textContent;
      if (growing && window.seen.grown.at(-1) !== growing) window.seen.grown.push(growing);
      if (root.querySelector(".dots")) window.seen.typed++;
    }).observe(root, { childList: true, subtree: true, characterData: true });
    const live = root.querySelector("[aria-live]");
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) window.seen.announced.push(node.textContent);
    }).observe(live, { childList: true });
  });
  await widget.ask("How do I wash a down jacket?");
  const { grown, typed, announced } = await widget.page.evaluate(() => window.seen);
  assert.ok(typed > 0, "no typing indicator");
  grown.forEach((text, at) => assert.ok(at === 0 || text.length >= grown[at - 1].length, `${grown}`));
  const [, answer] = await widget.lines();
  // Screen readers hear that it is being written, then the whole answer once, and nothing of its parts.
  assert.deepEqual([announced.length, announced[0]], [2, "The assistant is typing"]);
  // The list's numbers and line breaks are marks on the screen, and characters in what is heard.
  const letters = (text) => text.replace(/[\s\d.]+/g, "");
  assert.ok(letters(announced[1]).includes(letters(answer.slice(5, 40))), `${announced} – ${answer}`);
});

inBrowser("a streamed answer, frame by frame", {}, async (shop) => {
  const seen = [];
  let page;
  let grow;
  const watched = new Promise((resolve) => (grow = resolve));
  await shop.context.routeWebSocket(/\/api\/v1\/chat$/, (socket) => {
    const send = (frame) => socket.send(JSON.stringify(frame));
    socket.onMessage(async (text) => {
      const { type, message_id } = JSON.parse(text);
      if (type === "hello") send({ type: "ready", session_id: "s", customer: null, handoff: null });
      if (type !== "message") return;
      send({ type: "accepted", message_id });
      await watched;
      for (const [seq, text] of [[1, "Parcels"], [3, "Parcels leave on"], [2, "Parcels leave"], [4, "Parcels leave on **Mondays**"]]) {
        send({ type: "delta", message_id, seq, text });
        await page.waitForTimeout(150);
        seen.push(await page.locator(".growing .bubble").textContent());
      }
      await widget.check("en-desktop-light-streaming");
      send({ type: "message", message_id: `${message_id}.1`, reply_to: message_id, body: { text: "Parcels leave on Mondays." } });
      send({ type: "delta", message_id, seq: 5, text: "late" });
      send({ type: "done", message_id });
    });
  });
  const widget = await shop.visit();
  page = widget.page;
  await widget.open();
  await widget.write("when do parcels leave?");
  await page.locator(".dots").waitFor();
  await widget.check("en-desktop-light-typing");
  grow();
  await widget.answered();
  assert.deepEqual(seen, ["Parcels", "Parcels leave on", "Parcels leave on", "Parcels leave on Mondays"]);
  assert.deepEqual(await widget.lines(), ["customer: when do parcels leave?", "bot: Parcels leave on Mondays."]);
});

inBrowser("a message that is refused says why and can be tried again", {}, async (shop) => {
  let refuse = true;
  await shop.context.routeWebSocket(/\/api\/v1\/chat$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const { type, message_id } = JSON.parse(text);
      if (type !== "message" || !refuse) return server.send(text);
      refuse = false;
      const message = { zh: "服务暂时不可用，请稍后再试。", en: "The service is not available right now." };
      socket.send(JSON.stringify({ type: "error", code: "unavailable", message, message_id }));
    });
  });
  const widget = await shop.visit();
  await widget.open();
  await widget.write("hello");
  await widget.page.locator(".failed", { hasText: "The service is not available right now." }).waitFor();
  await widget.check("en-desktop-light-failed");
  await widget.page.getByRole("button", { name: "Try again" }).click();
  await widget.answered();
  assert.equal(await widget.page.locator(".failed").count(), 0);
});

// — nothing lost, nothing doubled ——————————————————————————————————————————

const expectTwice = async (widget, first, second) => {
  const said = (lines) => lines.filter(([sender]) => sender === "customer").map(([, text]) => text);
  assert.deepEqual(said(await widget.history()), [first, second]);
  const shown = (await widget.lines()).filter((line) => line.startsWith("customer"));
  assert.deepEqual(shown, [`customer: ${first}`, `customer: ${second}`]);
  const answers = (await widget.history()).length - 2;
  assert.equal((await widget.lines()).length - 2, answers);
};

inBrowser("history after a reload and on another page, without doubles", {}, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.ask("hello");
  const before = await widget.lines();
  await widget.page.reload();
  await widget.panel.waitFor(); // open as it was
  assert.notEqual(await widget.focused(), "Write a message…", "the focus moved by itself");
  await widget.waitFor("history", async () => (await widget.lines()).length === before.length);
  assert.deepEqual(await widget.lines(), before);
  await widget.page.getByRole("link", { name: "Another page" }).click();
  await widget.panel.waitFor();
  await widget.ask("What does delivery cost?");
  await expectTwice(widget, "hello", "What does delivery cost?");
});

inBrowser("a page that goes in the middle of an answer", {}, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.ask("hello");
  await widget.write("How do I wash a down jacket?");
  await widget.page.reload();
  await widget.panel.waitFor();
  await widget.waitFor("answer", async () => (await widget.lines()).length >= 4);
  await widget.answered();
  await expectTwice(widget, "hello", "How do I wash a down jacket?");
});

for (const refused of [[], ["/api/v1/chat"]]) {
  const way = refused.length ? "server-sent events" : "WebSocket";

  inBrowser(`two tabs, ${way}`, { expected: NETWORK }, async (shop) => {
    refused.forEach((path) => shop.proxy.refused.add(path));
    const one = await shop.visit();
    const two = await shop.visit();
    await one.open();
    await two.open();
    await one.ask("hello");
    await two.waitFor("the other tab's lines", async () => (await two.lines()).length >= 2);
    await two.ask("What does delivery cost?");
    await one.waitFor("the other tab's lines", async () => (await one.lines()).length >= 4);
    assert.deepEqual(await one.lines(), await two.lines());
    await expectTwice(one, "hello", "What does delivery cost?");
  });

  inBrowser(`the network goes and comes back, ${way}`, { expected: NETWORK }, async (shop) => {
    refused.forEach((path) => shop.proxy.refused.add(path));
    const widget = await shop.visit();
    await widget.open();
    await widget.ask("hello");
    shop.proxy.break();
    await widget.write("What does delivery cost?");
    await widget.page.locator(".notice", { hasText: "No connection" }).waitFor();
    await widget.page.locator(".waiting", { hasText: "Waiting to be sent" }).waitFor();
    assert.equal(await widget.page.locator(".dots").count(), 0, "the typing indicator goes on");
    if (!refused.length) await widget.check("en-desktop-light-offline");
    shop.proxy.mend();
    await widget.answered();
    await widget.page.locator(".notice").waitFor({ state: "detached" });
    await expectTwice(widget, "hello", "What does delivery cost?");
  });
}

inBrowser("the browser goes offline", { expected: NETWORK }, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.ask("hello");
  await shop.context.setOffline(true);
  await widget.page.locator(".notice").waitFor();
  await widget.write("What does delivery cost?");
  await shop.context.setOffline(false);
  await widget.answered();
  await expectTwice(widget, "hello", "What does delivery cost?");
});

inBrowser("the server starts anew", { expected: NETWORK }, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.ask("hello");
  const restarted = control("restart");
  await widget.page.locator(".notice", { hasText: "No connection" }).waitFor({ timeout: 60_000 });
  await widget.write("What does delivery cost?");
  await restarted;
  await widget.waitFor("answer", async () => (await widget.lines()).length >= 4, 60_000);
  await widget.answered();
  await expectTwice(widget, "hello", "What does delivery cost?");
});

// — hostile messages ——————————————————————————————————————————————————————

const RLO = "\u202e";
const hostile = {
  text: [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click me](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>)",
    "[https://bank.example](https://evil.example/login)",
    `${RLO}txet siht nrut ${RLO}\u2066 ![x](https://evil.example/track.gif)`,
    "Z\u0335\u0321\u0322" + "\u0335\u0321\u0322".repeat(300),
    "w".repeat(3000),
  ].join("\n"),
  buttons: [{ title: `${RLO}<b>press</b>`, payload: "hello" }],
  cards: [
    {
      kind: "product", product_id: "x", title: `<i>x</i>${RLO}${"long ".repeat(200)}`, summary: "s".repeat(2000), price: "1e99", list_price: "NaN",
      currency: "NONSENSE", in_stock: true, stock_text: "<u>in</u>", reason: "r".repeat(500), url: "javascript:alert(1)",
      image: "https://evil.example/huge.png", from_price: true,
      variants: [1, 2].map((n) => ({ variant_id: "<b>", options: { [`<b>${"o".repeat(200)}`]: `<i>${"v".repeat(200)}${n}` }, price: "x", list_price: "y", available: true })),
    },
    {
      kind: "order", number: "<b>1</b>", status: "x", status_text: "y".repeat(200), placed_on: "z", items: ["<img src=x>"], total: "1", currency: "CNY",
      tracking: `SF ${"1".repeat(200)}`, events: [RLO], steps: [{ title: "t".repeat(100), at: "", state: "current" }],
    },
  ],
  citations: [{ number: 1, title: "<s>t</s>", source: "x", quote: "q".repeat(5000), url: "javascript:alert(1)" }],
  table: { header: ["<b>a</b>", "b"], rows: [["x".repeat(2000), "<img src=x onerror=alert(1)>"], ["only one"]] },
  language: "en",
};

inBrowser("a hostile message does nothing", {}, async (shop) => {
  await shop.context.route("**/api/v1/messages", async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const long = { text: "word ".repeat(20_000), language: "en" };
    const messages = [
      { message_id: "h", sender: "customer", text: "hi" },
      { message_id: "h.1", sender: "bot", reply_to: "h", ...long },
      { message_id: "h.2", sender: "bot", reply_to: "h", ...hostile },
    ];
    await route.fulfill({ json: { messages } });
  });
  await shop.context.routeWebSocket(/\/api\/v1\/chat$/, (socket) => {
    socket.onMessage(() => socket.send(JSON.stringify({ type: "ready", session_id: "s", customer: null, handoff: null })));
  });
  const widget = await shop.visit();
  await widget.open();
  await widget.write("hello"); // opens the session, whose history is the hostile one
  await widget.waitFor("history", async () => (await widget.lines()).length >= 3);
  const { page } = widget;
  const inside = await page.evaluate(() => {
    const root = document.querySelector("shopguide-widget").shadowRoot;
    const log = root.querySelector(".log");
    return {
      forbidden: root.querySelectorAll("script, iframe, img, .lines b, .lines i, .lines u").length,
      links: [...root.querySelectorAll(".lines a")].map((link) => [link.textContent, link.href, link.rel]),
      turns: /[\u202a-\u202e\u2066-\u2069]/.test(log.textContent),
      sideways: log.scrollWidth - log.clientWidth,
      wide: [...root.querySelectorAll(".lines *")].filter((element) => {
        const box = element.getBoundingClientRect();
        return box.width > 0 && box.right > log.getBoundingClientRect().right + 1 && !element.closest(".table, .track, .sr, pre");
      }).length,
    };
  });
  assert.equal(inside.forbidden, 0);
  assert.equal(inside.turns, false);
  assert.equal(inside.sideways, 0);
  assert.equal(inside.wide, 0);
  assert.ok(inside.links.length > 0);
  for (const [text, href, rel] of inside.links) {
    assert.match(href, /^https:\/\/evil\.example\//);
    assert.match(rel, /noopener/);
    assert.doesNotMatch(text, /^https:\/\/bank/);
  }
  await widget.check("en-desktop-light-hostile");
  // 100 kB of text are cut, and whole on demand.
  const long = page.locator(".row.bot .bubble").first();
  const short = (await long.textContent()).length;
  assert.ok(short < 5_000, `${short} characters are shown`);
  await long.getByRole("button", { name: "Show more" }).click();
  assert.ok((await long.textContent()).length >= 99_000);
  assert.equal(await page.evaluate(() => "axe" in window && window.pwned), undefined);
});

// — keyboard, focus, screen readers ————————————————————————————————————————

inBrowser("everything by keyboard; focus goes in, stays, and comes back", {}, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  const tabTo = async (name) => {
    const seen = [];
    for (let n = 0; n < 60; n++) {
      await page.keyboard.press("Tab");
      const at = await widget.focused();
      if (name.test(at)) return;
      seen.push(at);
    }
    assert.fail(`Tab never came to ${name}: ${seen}`);
  };
  await tabTo(/^Open the chat$/);
  await page.keyboard.press("Enter");
  await widget.panel.waitFor();
  assert.equal(await widget.focused(), "Write a message…");
  await page.keyboard.type("Is the Ridgeline 2 Tent waterproof?");
  await page.keyboard.press("Enter");
  await widget.answered();
  assert.equal(await widget.focused(), "Write a message…", "the focus moved by itself");
  await tabTo(/^Source 1/);
  await page.keyboard.press("Enter");
  await widget.page.locator(".note").waitFor();
  await page.keyboard.press("Tab");
  assert.match(await widget.focused(), /^Open the page/);
  await page.keyboard.press("Escape");
  assert.equal(await widget.page.locator(".note").count(), 0);
  assert.match(await widget.focused(), /^Source 1/);
  await tabTo(/^Helpful$/);
  await page.keyboard.press("Space");
  await widget.page.locator(".below", { hasText: "Thank you" }).waitFor();
  await tabTo(/^Menu$/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  assert.equal(await widget.focused(), "Start over");
  await page.keyboard.press("Enter");
  assert.equal(await widget.focused(), "Not now");
  await widget.check("en-desktop-light-restart");
  await page.keyboard.press("Escape");
  assert.equal(await widget.focused(), "Menu");
  await page.keyboard.press("Escape");
  await widget.panel.waitFor({ state: "hidden" });
  assert.equal(await widget.focused(), "Open the chat");
});

inBrowser("the page's keys do not hear what is written", {}, async (shop) => {
  const widget = await shop.visit();
  await widget.page.evaluate(() => {
    window.heard = [];
    for (const kind of ["keydown", "keypress", "keyup"]) document.addEventListener(kind, ({ key }) => window.heard.push(key));
  });
  await widget.open();
  await widget.field.pressSequentially("hi/");
  assert.deepEqual(await widget.page.evaluate(() => window.heard), []);
});

inBrowser("opened by the page, it does not take the focus", {}, async (shop) => {
  const widget = await shop.visit();
  await widget.page.locator("#search").focus();
  await widget.page.evaluate(() => window.Shopguide.open());
  await widget.panel.waitFor();
  await widget.page.waitForTimeout(200);
  assert.equal(await widget.page.evaluate(() => document.activeElement.id), "search");
});

inBrowser("Enter that chooses a Chinese word sends nothing", {}, async (shop) => {
  const widget = await shop.visit({ lang: "zh" });
  await widget.open();
  await widget.field.fill("帐篷");
  await widget.field.evaluate((field) => {
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true }));
  });
  assert.deepEqual(await widget.lines(), []);
});

// — looks —————————————————————————————————————————————————————————————————

inBrowser("from right to left, in a language of the shop's own", {}, async (shop) => {
  shop.proxy.files["/strings/ar.json"] = {
    language: "ar", open: "افتح المحادثة", close: "أغلق المحادثة", unread: "{n} غير مقروءة", title: "مساعد المتجر", subtitle: "مساعد آلي",
    greeting: "مرحبا! اسأل عن المنتجات أو الطلبات.", suggestions: ["أين طلبي؟", "كم تكلفة التوصيل؟"], placeholder: "اكتب رسالة…", send: "إرسال",
  };
  const widget = await shop.visit({ lang: "ar", dir: "rtl", "strings-url": "/strings/ar.json", position: "left", label: "محادثة" });
  assert.equal(await widget.launcher.getAttribute("aria-label"), "محادثة");
  await widget.open();
  await widget.check("ar-desktop-light-welcome");
  await widget.ask("I need a tent for two under 3 kg");
  await widget.check("ar-desktop-light-products");
  assert.equal(await widget.panel.getAttribute("dir"), "rtl");
});

inBrowser("at 200 % zoom nothing is out of reach", { context: { viewport: { width: 640, height: 360 } } }, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.ask("I need a tent for two under 3 kg");
  await widget.check("en-zoomed-products");
  const box = await widget.panel.boundingBox();
  assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 640 && box.y + box.height <= 360, JSON.stringify(box));
  assert.ok(await widget.field.isVisible());
});

inBrowser("in forced colours", { context: { ...DESKTOP, forcedColors: "active" } }, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.ask("where is my order");
  await widget.ask("chen.hao@example.com 610041");
  await widget.check("en-desktop-forced-order");
});

inBrowser("with reduced motion nothing moves", { context: { ...DESKTOP, reducedMotion: "reduce" } }, async (shop) => {
  const widget = await shop.visit();
  await widget.open();
  await widget.write("hello");
  const moving = await widget.page.evaluate(() => document.getAnimations().length + document.querySelector("shopguide-widget").shadowRoot.getAnimations().length);
  assert.equal(moving, 0);
});

// — the demo shop ——————————————————————————————————————————————————————————

for (const [locale, scheme, asks] of [["zh-CN", "light", "我的包裹到哪了"], ["en-GB", "dark", "Where is my parcel?"]]) {
  const small = { locale, colorScheme: scheme, viewport: { width: 320, height: 640 } };
  inBrowser(`the demo shop on a small phone, ${locale}`, { context: small, expected: /404/ }, async (shop) => {
    shop.proxy.identity = undefined;
    const look = async (path, data = {}) => {
      const widget = await shop.visit(data, path);
      const width = await widget.page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 320, `${path} is ${width} pixels wide`);
      await widget.check(`shop-${locale}-${scheme}-${path.slice(1).replaceAll("/", "-") || "home"}`);
      return widget.page;
    };
    for (const path of ["/products/ridgeline-2-tent", "/categories/tents", "/help", "/cart", "/nowhere"]) {
      await (await look(path)).close();
    }
    await (await look("/search", { q: "tent" })).close();
    const page = await look("/account/sign-in");
    await page.locator("main form button").nth(1).click();
    await page.waitForURL(/\/account$/);
    await page.close();
    await (await look("/account")).close();
    await look("/");
    const widget = new Widget(shop.page);
    await shop.page.locator("main .ask", { hasText: asks }).click();
    await widget.answered();
    await shop.page.locator(".order", { hasText: "SP61840357" }).first().waitFor();
    await widget.check(`shop-${locale}-${scheme}-asked`);
  });
}

// — a person ——————————————————————————————————————————————————————————————

inBrowser("handed to a person: queue, agent, unread badge, end", {}, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await widget.ask("I want to speak to a person");
  for (let n = 0; n < 4 && !(await page.locator(".notice").count()); n++) {
    // The assistant asks first for what the person will need.
    const offer = page.locator(".chips .chip").first();
    await widget.ask((await offer.count()) ? (await offer.textContent()) : "emma.clarke@example.com");
  }
  await page.locator(".notice").waitFor();
  await widget.check("en-desktop-light-queue");
  const { ticket } = await control("take", { name: "Lin Yue" });
  await page.locator("h2", { hasText: "Lin Yue" }).waitFor();
  await widget.launcher.click();
  await widget.panel.waitFor({ state: "hidden" });
  await control("say", { ticket, text: "Hello, this is Lin. How can I help?" });
  await page.locator(".badge[data-count='1']:visible").waitFor();
  assert.equal(await widget.launcher.getAttribute("aria-label"), "Open the chat (1 unread)");
  await widget.check("en-desktop-light-unread");
  // On the next page, too, before anything is opened.
  await page.reload();
  await page.locator(".badge[data-count='1']:visible").waitFor();
  await widget.open();
  await page.locator(".badge").waitFor({ state: "hidden" });
  await page.locator(".row.agent", { hasText: "this is Lin" }).waitFor();
  await widget.check("en-desktop-light-agent");
  await control("close", { ticket });
  await page.locator(".ask", { hasText: "How was this conversation?" }).waitFor();
  await page.locator("h2", { hasText: "Shop assistant" }).waitFor();
});

// — what customers can do ——————————————————————————————————————————————————

inBrowser("copy, thumbs, stars, transcript, sound, start over", {}, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  await widget.open();
  await widget.ask("What does delivery cost?");
  const [, answer] = await widget.lines();
  await page.getByRole("button", { name: "Copy" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(copied.startsWith(answer.slice(5, 30)), copied);
  await page.getByRole("button", { name: "Not helpful" }).click();
  await page.getByRole("button", { name: "Unclear" }).click();
  await page.locator(".below", { hasText: "Thank you" }).waitFor();
  await page.reload();
  await page.locator(".act[aria-pressed=true]").waitFor(); // still known
  await widget.menu("Turn sound on");
  await page.getByRole("button", { name: "Menu" }).click();
  await page.locator(".menu button", { hasText: "Turn sound off" }).waitFor();
  await page.keyboard.press("Escape");
  const [file] = await Promise.all([page.waitForEvent("download"), widget.menu("Download transcript")]);
  const transcript = await readFile(await file.path(), "utf8");
  assert.match(file.suggestedFilename(), /\.txt$/);
  assert.match(transcript, /You\nWhat does delivery cost\?\n/);
  await widget.menu("End and rate");
  await page.getByRole("radio", { name: "4 of 5 stars" }).check();
  await page.getByRole("textbox", { name: "Anything to add" }).fill("quick");
  await widget.check("en-desktop-light-stars");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.locator(".ask", { hasText: "Thank you" }).waitFor();
  await widget.menu("Start over");
  await page.locator(".ask .primary").click();
  await page.locator(".chip", { hasText: "Where is my order?" }).waitFor();
  assert.deepEqual(await widget.lines(), []);
  await page.reload();
  await widget.panel.waitFor();
  assert.deepEqual(await widget.lines(), []);
});

for (const [lang, asked, labels] of [
  ["en", "Where is my order?", ["The e-mail address you ordered with", "The postcode of your delivery address"]],
  ["zh", "我的订单到哪了？", ["下单用的邮箱", "收货地址的邮编"]],
]) {
  inBrowser(`a visitor's order by the form, ${lang}`, { context: { ...DESKTOP, locale: lang } }, async (shop) => {
    const widget = await shop.visit({ lang });
    const { page } = widget;
    await widget.open();
    await widget.ask(asked);
    const [email, postcode] = labels.map((label) => page.getByLabel(label));
    await email.fill("chen.hao@example.com");
    await postcode.fill("100000");
    await postcode.press("Enter");
    // The wrong one is asked for anew, with empty fields.
    await widget.waitFor("another form", async () => (await postcode.count()) === 1 && (await postcode.inputValue()) === "");
    await email.fill("chen.hao@example.com");
    await postcode.fill("610041");
    await postcode.press("Enter");
    await page.locator(".order", { hasText: "SP61840357" }).first().waitFor();
    assert.equal(await page.locator(".leave").count(), 0);
    assert.equal((await widget.lines()).filter((line) => line.includes("chen.hao")).length, 0);
  });
}

inBrowser("signed in on the shop's page; signed out, nothing stays", {}, async (shop) => {
  const { identity } = await control("identity", { email: "chen.hao@example.com" });
  shop.proxy.identity = identity;
  const data = { "identity-url": "/account/identity" };
  const widget = await shop.visit(data);
  await widget.open();
  await widget.ask("where is my order");
  await widget.page.locator(".order", { hasText: "SP61840357" }).first().waitFor();
  await widget.page.reload();
  await widget.page.locator(".order", { hasText: "SP61840357" }).first().waitFor();
  shop.proxy.identity = null;
  await widget.page.reload();
  await widget.page.locator(".chip", { hasText: "Where is my order?" }).waitFor();
  assert.equal(await widget.page.locator(".order").count(), 0);
});

inBrowser("the page's side: methods, events, the cart", {}, async (shop) => {
  const widget = await shop.visit();
  const { page } = widget;
  await page.evaluate(() => {
    window.told = [];
    for (const name of ["open", "close", "message", "feedback", "link"]) {
      document.addEventListener(`shopguide:${name}`, ({ detail }) => window.told.push([name, detail]));
    }
    window.off = window.Shopguide.onAddToCart((item) => {
      window.told.push(["add-to-cart", item]);
    });
  });
  await page.evaluate(() => window.Shopguide.send("I need a tent for two under 3 kg"));
  await page.evaluate(() => window.Shopguide.open());
  await widget.answered();
  const card = page.locator(".product").first();
  // What there is a choice of is chosen by the customer.
  for (let n = 0; n < 4; n++) {
    await card.getByRole("button", { name: "Add to cart" }).click();
    if (!(await card.locator(".note-cart.failed").count())) break;
    await card.locator(".option:not(:has(:checked)) label:not(.gone) input").first().check({ force: true });
  }
  await card.locator(".note-cart", { hasText: "Added" }).waitFor();
  await page.evaluate(() => window.Shopguide.close());
  await widget.panel.waitFor({ state: "hidden" });
  const told = await page.evaluate(() => window.told);
  const names = told.map(([name]) => name);
  for (const name of ["open", "close", "message", "add-to-cart"]) assert.ok(names.includes(name), `${name} in ${names}`);
  const [, cart] = told.find(([name]) => name === "add-to-cart");
  assert.deepEqual(Object.keys(cart).sort(), ["currency", "price", "product_id", "quantity", "title", "variant_id"]);
  // Without a cart, the card says so and leads to the product's page.
  await page.evaluate(() => window.off());
  await widget.open();
  await card.getByRole("button", { name: "Add to cart" }).click();
  await Promise.all([page.waitForURL(/\/products\//), card.locator(".note-cart a").click()]);
});

inBrowser("only the launcher is loaded before the first click", {}, async (shop) => {
  const loaded = [];
  shop.context.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  const widget = await shop.visit();
  await widget.page.waitForTimeout(500);
  assert.deepEqual(loaded.filter((path) => path !== "/favicon.ico"), ["/shop/", "/widget.js"]);
  await widget.open();
  assert.ok(loaded.includes("/widget/panel.js"));
  // What is kept of a conversation is told before it begins; no session is opened for that.
  const asked = loaded.filter((path) => path.startsWith("/api/"));
  assert.deepEqual(asked.filter((path) => path !== "/api/v1/notice"), [], "a session before the first message");
});
