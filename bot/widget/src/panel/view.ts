/** The panel's frame: header, notices, the lines, the field to write in. */

import { h, icon } from "./dom";
import { BUBBLE, CLOCK, DOTS, DOWN, PERSON, SEND } from "../shared/icons";
import { iconButton, textButton } from "./buttons";
import type { Context } from "./context";
import { stars } from "./rating";
import { bubble, readable, row, shut, speaker } from "./rows";
import { download } from "./transcript";
import type { Line } from "./types";

export interface Actions {
  close(): void;
  send(text: string): void;
  /** Show everything in the other language. */
  translate(): void;
}

const PAUSE_MS = 10 * 60_000;
const LIMIT = 2_000;
/** A short break needs no notice. */
const PATIENCE_MS = 1_500;
/** Pixels from the end at which the conversation still follows what comes. */
const NEAR = 48;

export class View {
  private readonly dialog: HTMLDialogElement;
  private readonly log: HTMLElement;
  private readonly list = h("ol", { class: "lines", role: "list" });
  private readonly foot = h("div");
  private readonly notices = h("div", { role: "status" });
  private readonly live = h("div", { class: "sr", "aria-live": "polite" });
  private readonly over = h("p", { class: "over", role: "status" });
  private readonly menu = h("div", { class: "menu card", hidden: true });
  private readonly menuButton: HTMLElement;
  private readonly latest: HTMLElement;
  private readonly field: HTMLTextAreaElement;
  private readonly narrow = matchMedia("(max-width: 480px), (max-height: 480px)");
  private readonly rows = new Map<string, { element: HTMLElement; key: string }>();
  /** Whether the end of the conversation is in sight, and stays so when lines come. */
  stuck = true;
  /** A question to the customer, at the end of the conversation. */
  private question: HTMLElement | null = null;
  private brokenSince = 0;
  private footKey = "";
  private noticeKey = "";

  constructor(
    private readonly context: Context,
    private readonly actions: Actions,
  ) {
    const { words, strings, host } = context;
    this.menuButton = iconButton("icon", strings.menu, DOTS, () => this.toggleMenu(!this.isMenuOpen()));
    this.log = h(
      "div",
      { class: "log", tabindex: 0, role: "region", "aria-label": strings.conversation, scroll: () => this.scrolled() },
      this.list,
      this.foot,
    );
    this.latest = textButton("latest card", strings.latest, () => (this.log.scrollTop = this.log.scrollHeight));
    this.field = h("textarea", {
      rows: 1, dir: "auto", "aria-label": strings.placeholder, placeholder: strings.placeholder, enterkeyhint: "send",
      input: () => this.grow(),
      keydown: (event: KeyboardEvent) => {
        // Enter that ends the choice of a Chinese word is not meant for us.
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        this.submit(event);
      },
    });
    const { title } = strings;
    const keep = (event: Event) => event.stopPropagation(); // the page's own keys mean nothing in here
    const escape = (event: Event) => {
      event.preventDefault();
      this.escape();
    };
    this.dialog = h(
      "dialog",
      {
        class: "panel", lang: words.language, dir: words.direction, "aria-label": title, tabindex: -1,
        keyup: keep,
        keypress: keep,
        keydown: (event: KeyboardEvent) => {
          keep(event);
          if (event.key === "Escape" && !event.isComposing) escape(event);
        },
        cancel: escape,
        click: (event: Event) => {
          if (!event.composedPath().includes(this.menuButton)) this.toggleMenu(false);
        },
      },
      h(
        "div",
        "head",
        h("span", "mark", icon(BUBBLE)),
        h("div", "", h("h2", { dir: "auto" }, title), h("p", "muted", strings.subtitle)),
        this.menuButton,
        iconButton("icon", strings.close, DOWN, actions.close),
        this.menu,
      ),
      this.notices,
      this.log,
      this.latest,
      h(
        "form",
        { class: "write", submit: (event: Event) => this.submit(event) },
        this.field,
        h("button", { class: "send", type: "submit", "aria-label": strings.send, title: strings.send }, icon(SEND)),
        this.over,
      ),
      this.live,
    );
    this.toggleMenu(false);
    host.root.append(this.dialog);
    this.narrow.addEventListener("change", () => this.dialog.open && this.show());
    // The keyboard of a phone covers the page without making it smaller.
    visualViewport?.addEventListener("resize", () =>
      this.dialog.style.setProperty("--height", `${visualViewport!.height}px`),
    );
    this.draw();
  }

  open(byUser: boolean): void {
    this.show();
    this.grow();
    this.toEnd();
    if (byUser) this.focus();
  }

  close(): void {
    const inside = this.dialog.matches(":focus-within");
    this.toggleMenu(false);
    this.dialog.close();
    if (inside) this.context.host.root.querySelector("button")!.focus();
  }

  remove(): void {
    this.dialog.close();
    this.dialog.remove();
  }

  /** On a phone the field would call up the keyboard, which nobody asked for yet. */
  focus(): void {
    (matchMedia("(pointer: coarse)").matches ? this.dialog : this.field).focus({ preventScroll: true });
  }

  /** Let screen readers say it, once. */
  announce(text: string): void {
    const said = h("p", "", text);
    this.live.append(said);
    setTimeout(() => said.remove(), 10_000);
  }

  say(line: Line): void {
    this.announce(`${speaker(line, this.context)}: ${readable(line).slice(0, 2_000)}`);
    this.latest.hidden = this.stuck;
  }

  draw(): void {
    const { client, host } = this.context;
    const { lines } = client;
    const ids = new Set(lines.map(({ id }) => id));
    for (const [id, { element }] of this.rows) {
      if (ids.has(id)) continue;
      element.remove();
      this.rows.delete(id);
    }
    let next = this.list.firstElementChild;
    lines.forEach((line, at) => {
      const endsTurn = lines[at + 1]?.replyTo !== line.replyTo && client.growing?.id !== line.replyTo;
      const before = lines[at - 1];
      const showsTime = line.sender === "customer" && (!before || line.at - before.at > PAUSE_MS);
      const key = [line.state, endsTurn, showsTime].join();
      let known = this.rows.get(line.id);
      if (known?.key !== key) {
        const element = row(line, { endsTurn, showsTime, retry: () => client.retry(line) }, this.context);
        if (known?.element === next) next = next!.nextElementSibling;
        known?.element.remove();
        this.rows.set(line.id, (known = { element, key }));
      }
      if (known.element === next) next = next.nextElementSibling;
      else this.list.insertBefore(known.element, next);
    });
    this.drawFoot();
    this.drawNotices();
    host.element.toggleAttribute("offline", this.isBroken());
    if (this.stuck) this.toEnd();
  }

  /** What follows the last line: a greeting, an answer under way, replies to choose from. */
  private drawFoot(): void {
    const { client, strings } = this.context;
    const { growing } = client;
    const last = client.lines.at(-1);
    const offers = !last
      ? strings.suggestions.map((title) => ({ title, payload: title }))
      : (last.sender === "bot" && !growing && !this.question && last.body.buttons) || [];
    const key = JSON.stringify([growing, offers, last?.id]);
    if (key === this.footKey) return;
    this.footKey = key;
    const said = !last ? strings.greeting : growing?.text;
    const dots = () =>
      h("div", "bubble dots", h("span", "sr", strings.typing), h("i"), h("i"), h("i"));
    this.foot.replaceChildren(
      ...(said || growing
        ? [h("div", growing ? "row growing" : "row", said ? bubble(said, [], this.context) : dots())]
        : []),
      h(
        "div",
        { class: "chips", hidden: !offers.length },
        ...offers.map(({ title, payload }) => textButton("chip", title, () => this.send(payload))),
      ),
      this.question ?? "",
    );
  }

  private drawNotices(): void {
    const { client, strings, words, fill } = this.context;
    const { state, position, opens, agent } = client.handoff ?? {};
    const texts: [string, string][] = [];
    if (this.isBroken()) texts.push([CLOCK, strings.offline]);
    if (state === "queued") {
      const when = opens && new Date(opens).toLocaleString(words.language, { weekday: "short", hour: "numeric", minute: "2-digit" });
      const say = position ? fill(strings.queued, { n: position }) : strings.waitingPerson;
      texts.push([PERSON, when ? `${say} ${fill(strings.opens, { when })}` : say]);
    } else if (state === "agent") texts.push([PERSON, fill(strings.agent, { name: agent ?? strings.person })]);
    const key = JSON.stringify(texts);
    if (key === this.noticeKey) return;
    this.noticeKey = key;
    this.notices.replaceChildren(
      ...texts.map(([path, text]) => h("p", { class: "notice", dir: "auto" }, icon(path), h("span", "", text))),
    );
  }

  /** Messages cannot go out, and that for longer than a moment. */
  private isBroken(): boolean {
    if (!this.context.client.broken) this.brokenSince = 0;
    else if (!this.brokenSince) {
      this.brokenSince = Date.now();
      setTimeout(() => this.draw(), PATIENCE_MS);
    }
    return this.brokenSince > 0 && Date.now() - this.brokenSince >= PATIENCE_MS;
  }

  private show(): void {
    this.dialog.close();
    if (this.narrow.matches) this.dialog.showModal();
    else this.dialog.open = true; // show() would move the focus
  }

  private escape(): void {
    const chip = this.log.querySelector<HTMLElement>(".cite[aria-expanded=true]");
    if (this.isMenuOpen()) {
      this.toggleMenu(false);
      this.menuButton.focus();
    } else if (this.question) this.ask(null);
    else if (chip) {
      shut(chip);
      chip.focus();
    } else this.actions.close();
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text || text.length > LIMIT) return;
    this.field.value = "";
    this.grow();
    this.send(text);
  }

  private send(text: string): void {
    this.question = null;
    // The button that was pressed is about to go: the focus must not go with it.
    if (this.foot.matches(":focus-within")) this.log.focus({ preventScroll: true });
    this.actions.send(text);
  }

  /** The field is as high as what is written in it. */
  private grow(): void {
    const { field } = this;
    const over = field.value.trim().length - LIMIT;
    field.ariaInvalid = String(over > 0);
    this.over.textContent = over > 0 ? this.context.fill(this.context.strings.tooLong, { n: over }) : "";
    field.style.height = "";
    field.style.height = `${field.scrollHeight}px`;
  }

  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    this.stuck = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.stuck) this.latest.hidden = true;
  }

  /** The end of the conversation, or the question to an answer that is longer than the panel. */
  private toEnd(): void {
    const { log } = this;
    const { lines } = this.context.client;
    const asked = lines.findLast(({ sender }) => sender !== "bot");
    const top = !this.question && asked?.sender === "customer" && this.rows.get(asked.id)?.element.offsetTop;
    log.scrollTop = top ? top - 8 : log.scrollHeight;
    this.stuck = true;
    this.latest.hidden = true;
  }

  private isMenuOpen(): boolean {
    return !this.menu.hidden;
  }

  private toggleMenu(open: boolean): void {
    const { context, actions, menu } = this;
    const { strings, client, words } = context;
    const sound = client.store.get("sound");
    const item = (name: string, act: () => void) =>
      textButton("", name, () => {
        this.menuButton.focus();
        act();
      });
    menu.replaceChildren(
      item(sound ? strings.soundOff : strings.soundOn, () => client.store.set("sound", !sound)),
      ...(!words.labels ? [item(strings.otherLanguage, actions.translate)] : []),
      ...(client.lines.length
        ? [
            item(strings.download, () => download(context)),
            item(strings.end, () => this.ask(stars(context, () => this.ask(null)))),
            item(strings.restart, () => this.ask(this.restart())),
          ]
        : []),
    );
    menu.hidden = !open;
    this.menuButton.ariaExpanded = String(open);
  }

  /** Put a question at the end of the conversation, where the customer chose to be asked. */
  private ask(question: HTMLElement | null): void {
    this.question = question;
    this.footKey = "";
    this.stuck = true;
    this.draw();
    (question?.querySelector<HTMLElement>("input, button") ?? this.menuButton).focus();
  }

  private restart(): HTMLElement {
    const { strings, client } = this.context;
    return h(
      "div",
      { class: "card ask", role: "group", "aria-label": strings.restart },
      h("p", "", strings.restartAsk),
      h(
        "div",
        "chips",
        textButton("chip", strings.skip, () => this.ask(null)),
        textButton("primary", strings.restart, () => {
          this.ask(null);
          client.forget();
          this.focus();
        }),
      ),
    );
  }
}
