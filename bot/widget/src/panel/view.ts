/** The panel's frame: header, notices, the lines, the field to write in. */

import { h, icon } from "./dom";
import { BAG, CLIP, CLOCK, CROSS, DOTS, DOWN, MIC, PERSON, SEND } from "../shared/icons";
import { iconButton, textButton } from "./buttons";
import type { Notice } from "./api";
import type { Context } from "./context";
import { stars } from "./rating";
import { bubble, readable, row, shut, speaker } from "./rows";
import { listen, recognition } from "./speech";
import { callUrl, safeImage, safeUrl } from "./text";
import { download } from "./transcript";
import { Tray } from "./tray";
import type { Handoff, Line, SentFile } from "./types";

export interface Actions {
  close(): void;
  /** `shown`: what is shown in its place. */
  send(text: string, files?: SentFile[], shown?: string): void;
  /** Show everything in the other language. */
  translate(): void;
  /** The product before the customer's eyes, and questions about the page. */
  place(): { title: string | undefined; questions: string[] | undefined };
  /** The customer does not mean the product that the page shows. */
  leavePlace(): void;
}

const PAUSE_MS = 10 * 60_000;
const LIMIT = 2_000;
const ACCEPTED = { picture: "image/*", voice: "audio/*", video: "video/*", file: "application/pdf" };
/** A short break needs no notice. */
const PATIENCE_MS = 1_500;
/** Pixels from the end at which the conversation still follows what comes. */
const NEAR = 48;

/** Forms that most conversations do without. */
const loadForms = ({ host }: Context) => host.load<typeof import("./forms")>("forms");

export class View {
  private readonly dialog: HTMLDialogElement;
  private readonly log: HTMLElement;
  private readonly list = h("ol", { class: "lines", role: "list" });
  private readonly foot = h("div");
  /** Replies to choose from: in sight, however long the answer is. */
  private readonly offers = h("div", { class: "chips offers", hidden: true });
  private readonly about = h("p", { class: "about muted", hidden: true });
  private readonly contact = h("div");
  private readonly who = h("div");
  private readonly mark = h("span", "mark");
  private readonly tray: Tray;
  private readonly attach: HTMLElement;
  private readonly gone = new AbortController();
  private readonly notices = h("div", { role: "status" });
  private readonly live = h("div", { class: "sr", "aria-live": "polite" });
  private readonly legal = h("p", { class: "legal muted", hidden: true });
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
  /** What is asked to know who the customer is: of which line, and the form for it. */
  private form: { id: string; element?: HTMLElement } | null = null;
  private asksContact = false;
  private brokenSince = 0;
  private footKey = "";
  private offersKey = "";
  private whoKey = "";
  private personState: Handoff["state"] | undefined;
  private typing = false;
  /** Ends what is listened to. */
  private deafen: (() => void) | null = null;
  private noticeKey = "";

  constructor(
    private readonly context: Context,
    private readonly actions: Actions,
  ) {
    const { words, strings, host } = context;
    this.tray = new Tray(context);
    this.menuButton = iconButton("icon", strings.menu, DOTS, () => {
      this.toggleMenu(!this.isMenuOpen());
      if (this.isMenuOpen()) this.items()[0]?.focus();
    });
    this.menuButton.ariaHasPopup = "menu";
    const picker = h("input", {
      type: "file", multiple: true, hidden: true,
      change: () => {
        this.tray.add(picker.files ?? []);
        picker.value = "";
      },
    });
    this.attach = iconButton("icon tool", strings.attach, CLIP, () => {
      // Phones offer the camera for pictures.
      picker.accept = (context.notice?.files ?? []).map((kind) => ACCEPTED[kind]).join();
      picker.click();
    });
    this.attach.hidden = true;
    const hear = recognition();
    const microphone = iconButton("icon tool", strings.speak, MIC, () => this.speak(hear!, microphone));
    microphone.hidden = !hear || host.config.speech === "off";
    this.log = h(
      "div",
      { class: "log", tabindex: 0, role: "region", "aria-label": strings.conversation, scroll: () => this.scrolled() },
      this.list,
      this.foot,
    );
    this.latest = textButton("latest card", strings.latest, () => (this.log.scrollTop = this.log.scrollHeight));
    this.field = h("textarea", {
      rows: 1, dir: "auto", "aria-label": strings.placeholder, placeholder: strings.placeholder, enterkeyhint: "send",
      input: () => {
        host.store.draft = this.field.value;
        this.grow();
      },
      paste: (event: ClipboardEvent) => {
        const files = event.clipboardData?.files;
        if (!files?.length) return;
        event.preventDefault();
        this.tray.add(files);
      },
      keydown: (event: KeyboardEvent) => {
        if (event.key === "ArrowUp" && !this.field.value && !event.isComposing) {
          const last = context.client.lines.findLast(({ sender }) => sender === "customer");
          if (last) {
            event.preventDefault();
            this.edit(last);
          }
        }
        // Enter that ends the choice of a Chinese word is not meant for us.
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        this.submit(event);
      },
    });
    this.field.value = host.store.draft;
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
          const path = event.composedPath();
          if (!path.includes(this.menuButton)) this.toggleMenu(false);
          // A quote closes by a click anywhere but in it.
          for (const chip of this.log.querySelectorAll(".cite[aria-expanded=true]")) {
            if (!path.includes(chip) && !path.includes(chip.nextElementSibling!)) shut(chip);
          }
        },
        dragover: (event: Event) => event.preventDefault(),
        drop: (event: DragEvent) => {
          event.preventDefault();
          if (event.dataTransfer?.files.length) this.tray.add(event.dataTransfer.files);
        },
      },
      h(
        "div",
        "head",
        this.mark,
        this.who,
        this.menuButton,
        iconButton("icon", strings.close, DOWN, actions.close),
        this.menu,
      ),
      this.notices,
      this.contact,
      this.log,
      this.latest,
      this.offers,
      this.about,
      this.tray.element,
      h(
        "form",
        { class: "write", submit: (event: Event) => this.submit(event) },
        this.attach,
        picker,
        microphone,
        this.field,
        h("button", { class: "send", type: "submit", "aria-label": strings.send, title: strings.send }, icon(SEND)),
        this.over,
        this.tray.note,
      ),
      this.legal,
      this.live,
    );
    this.toggleMenu(false);
    host.root.append(this.dialog);
    this.menu.role = "menu";
    this.menu.addEventListener("keydown", (event) => this.throughMenu(event));
    const { signal } = this.gone;
    host.gone.addEventListener("abort", () => this.remove(), { signal });
    this.narrow.addEventListener("change", () => this.dialog.open && this.show(), { signal });
    // The keyboard of a phone covers the page, or moves it, without making it smaller.
    const fit = () => {
      this.dialog.style.setProperty("--height", `${visualViewport!.height}px`);
      this.dialog.style.setProperty("--offset", `${visualViewport!.offsetTop}px`);
      if (this.stuck) this.toEnd();
    };
    for (const name of ["resize", "scroll"]) visualViewport?.addEventListener(name, fit, { signal });
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

  /** The element was put into the page anew: what was on top no longer is. */
  moved(): void {
    if (this.dialog.open) this.show();
  }

  remove(): void {
    this.deafen?.();
    this.gone.abort();
    this.dialog.close();
    this.dialog.remove();
  }

  /** On a phone the field would call up the keyboard, which nobody asked for yet. */
  focus(): void {
    (matchMedia("(pointer: coarse)").matches ? this.dialog : this.field).focus({ preventScroll: true });
  }

  /** Who reads along, how long it is kept, and where to ask about it. */
  tell({ keep_days, privacy_url, email, files }: Notice): void {
    this.attach.hidden = !files?.length;
    this.noticeKey = this.whoKey = "";
    // Whose pictures may be shown is known only now.
    for (const { element } of this.rows.values()) element.remove();
    this.rows.clear();
    const { strings, link, fill } = this.context;
    const where = privacy_url ? safeUrl(privacy_url) : email ? safeUrl(`mailto:${email}`) : null;
    this.legal.replaceChildren(fill(strings.notice, { days: keep_days }), " ", where ? link(where, strings.privacy) : "");
    this.legal.hidden = false;
    this.draw();
  }

  /** Let screen readers say it, once. */
  announce(text: string): void {
    const said = h("p", "", text);
    this.live.append(said);
    setTimeout(() => said.remove(), 10_000);
  }

  say(line: Line): void {
    this.announce(`${speaker(line, this.context)}: ${readable(line, this.context).slice(0, 2_000)}`);
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
    const last = lines.findLast(({ sender }) => sender === "customer");
    lines.forEach((line, at) => {
      const endsTurn = lines[at + 1]?.replyTo !== line.replyTo && client.growing?.id !== line.replyTo;
      const before = lines[at - 1];
      const showsTime = line.sender === "customer" && (!before || line.at - before.at > PAUSE_MS);
      const own = line === last ? this.ownMark(line) : undefined;
      const edits = line === last && line.state === "sent" && !client.handedOff && !client.growing && !client.veil(line);
      const key = [line.state, endsTurn, showsTime, own, edits].join();
      let known = this.rows.get(line.id);
      if (known?.key !== key) {
        const element = row(line, { endsTurn, showsTime, retry: () => client.retry(line), mark: own, edit: edits ? (said) => this.edit(said) : undefined }, this.context);
        if (known?.element === next) next = next!.nextElementSibling;
        known?.element.remove();
        this.rows.set(line.id, (known = { element, key }));
      }
      if (known.element === next) next = next.nextElementSibling;
      else this.list.insertBefore(known.element, next);
    });
    this.drawFoot();
    this.drawNotices();
    this.drawWho();
    this.drawAbout();
    host.element.toggleAttribute("offline", this.isBroken());
    if (this.stuck) this.toEnd();
  }

  /** How far the customer's last line has come: "read" only while a person could have read it. */
  private ownMark(line: Line): string | undefined {
    const { client, strings } = this.context;
    if (line.state !== "sent") return undefined;
    if (client.isRead(line)) return strings.read;
    return client.handedOff || (client.lines.at(-1) === line && !client.growing) ? strings.sent : undefined;
  }

  /** What follows the last line: a greeting, an answer under way, a question. */
  private drawFoot(): void {
    const { client, strings } = this.context;
    const { growing, lines } = client;
    const last = lines.at(-1);
    // From the moment of sending; nobody types where nothing arrives, or where a person answers.
    const person = client.handoff?.state === "agent";
    const waits = !this.isBroken() && !person && !client.trouble && lines.some(({ state }) => state === "waiting");
    const typing = Boolean((growing && !person) || waits);
    if (typing && !this.typing) this.announce(strings.typing);
    this.typing = typing;
    this.drawOffers(typing);
    const asks = last?.body.wanted?.length && !typing && !client.ended && !person && !client.store.get("session")?.signed;
    if (!asks) this.form = null;
    else if (this.form?.id !== last.id) void this.askIdentity(last).catch(() => {});
    const key = JSON.stringify([growing, typing, !last, this.form?.element && last!.id]);
    if (key === this.footKey) return;
    this.footKey = key;
    const said = !last ? strings.greeting : growing?.text;
    const dots = () =>
      h("div", "bubble dots", h("span", "sr", strings.typing), h("i"), h("i"), h("i"));
    this.foot.replaceChildren(
      ...(said || typing
        ? [h("div", growing || typing ? "row growing" : "row", said ? bubble(said, [], this.context) : dots())]
        : []),
      this.form?.element ?? "",
      this.question ?? "",
    );
  }

  /** The form comes by itself; without it, the text alone asks. */
  private async askIdentity({ id, body }: Line): Promise<void> {
    const { context } = this;
    const form: View["form"] = (this.form = { id });
    const forms = await loadForms(context);
    form.element = forms.identity(body, context, (text, shown) => this.send(text, [], shown));
    this.draw();
  }

  private drawOffers(typing: boolean): void {
    const { client, strings } = this.context;
    const last = client.lines.at(-1);
    const { questions } = this.actions.place();
    const offers = !last
      ? (questions ?? strings.suggestions).map((title) => ({ title, payload: title }))
      : (last.sender === "bot" && !typing && !this.question && !client.ended && last.body.buttons) || [];
    const stops = Boolean(client.growing);
    const key = JSON.stringify([offers, last?.id, stops]);
    if (key === this.offersKey) return;
    this.offersKey = key;
    if (this.offers.matches(":focus-within")) this.log.focus({ preventScroll: true });
    this.offers.replaceChildren(
      ...offers.map(({ title, payload }) => textButton("chip", title, () => this.send(payload))),
      stops ? textButton("chip stop", strings.stop, () => client.halt()) : "",
    );
    this.offers.hidden = !offers.length && !stops;
  }

  /** Who answers: the assistant, or a person with a name and a picture. */
  private drawWho(): void {
    const { client, strings, fill, notice, imageHosts, host } = this.context;
    const { state, agent, picture } = client.handoff ?? {};
    const person = state === "agent";
    const name = person ? (agent ?? strings.personTitle) : strings.title;
    const face = person ? safeImage(picture ?? notice?.shop?.agent_picture, imageHosts) : null;
    const key = JSON.stringify([name, face]);
    if (key === this.whoKey) return;
    if (person && this.whoKey) this.announce(fill(strings.agent, { name }));
    this.whoKey = key;
    const initial = () => h("b", { "aria-hidden": "true" }, [...name][0]?.toUpperCase());
    const shown = face
      ? h("img", { src: face, alt: "", referrerpolicy: "no-referrer", error: () => shown.replaceWith(initial()) })
      : person ? initial() : icon(host.drawing);
    this.mark.replaceChildren(shown);
    this.who.replaceChildren(
      h("h2", { dir: "auto" }, name),
      h("p", "muted", person ? strings.personTitle : strings.subtitle),
    );
  }

  /** The product that the page shows, and the way to mean another. */
  private drawAbout(): void {
    const { strings, fill } = this.context;
    const { title } = this.actions.place();
    this.about.hidden = !title;
    if (!title || this.about.dataset.title === title) return;
    this.about.dataset.title = title;
    this.about.replaceChildren(
      icon(BAG),
      h("span", { dir: "auto" }, fill(strings.about, { title })),
      iconButton("act", strings.aboutOff, CROSS, () => {
        this.actions.leavePlace();
        this.focus();
      }),
    );
  }

  private drawNotices(): void {
    const { client, strings, words, fill } = this.context;
    const { state, position, opens, contact } = client.handoff ?? {};
    const texts: [string, string, boolean?][] = [];
    const trouble = this.troubled();
    if (trouble) texts.push([CLOCK, trouble]);
    if (client.ended) texts.push([CLOCK, strings.ended]);
    if (state === "queued") {
      const when = opens && new Date(opens).toLocaleString(words.language, { weekday: "short", hour: "numeric", minute: "2-digit" });
      const say = position ? fill(strings.queued, { n: position }) : strings.waitingPerson;
      texts.push([PERSON, when ? `${say} ${fill(strings.opens, { when })}` : say, true]);
    }
    // A person said good-bye: how was it?
    if (this.personState === "agent" && state !== "agent" && client.lines.length && !client.ended && !this.question) {
      this.personState = state;
      queueMicrotask(() => this.ask(this.stars(), false));
    }
    this.personState = state;
    void this.drawContact(state === "queued" && Boolean(contact)).catch(() => (this.asksContact = false));
    const phone = trouble && client.trouble?.kind !== "busy" ? this.context.phone : undefined;
    const key = JSON.stringify([texts, phone]);
    if (key === this.noticeKey) return;
    this.noticeKey = key;
    this.notices.replaceChildren(
      ...texts.map(([path, text, leaves]) =>
        h(
          "div",
          { class: "notice", dir: "auto" },
          icon(path),
          h(
            "p",
            "",
            text,
            ...(phone && path === CLOCK ? [` ${strings.call} `, h("span", "phone", this.context.link(callUrl(phone), phone))] : []),
            ...(leaves ? [" ", textButton("quiet", strings.withdraw, () => client.withdraw().catch(() => this.announce(strings.failed)))] : []),
          ),
        ),
      ),
    );
  }

  /** Why nothing goes out, in a sentence; nothing for a short break. */
  private troubled(): string | undefined {
    const { client, strings, fill } = this.context;
    const { trouble } = client;
    if (trouble?.kind === "busy" && (trouble.until ?? 0) > Date.now()) {
      setTimeout(() => this.draw(), 1_000);
      const n = Math.ceil((trouble.until! - Date.now()) / 1000);
      return n > 1 ? fill(strings.busy, { n }) : strings.busySoon;
    }
    if (trouble?.kind === "site") return strings.siteRefused;
    if (!this.isBroken()) return undefined;
    return trouble?.kind === "server" ? strings.serverDown : strings.offline;
  }

  /** Out of hours, a person can only come back to whom they can reach. */
  private async drawContact(wanted: boolean): Promise<void> {
    const { context, contact } = this;
    if (wanted === this.asksContact) return;
    this.asksContact = wanted;
    contact.replaceChildren();
    if (!wanted) return;
    const forms = await loadForms(context);
    if (this.asksContact) contact.replaceChildren(forms.contact(context, this.tray.note));
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
    if (text.length > LIMIT || (!text && this.tray.empty)) return;
    this.deafen?.();
    this.field.value = this.context.host.store.draft = "";
    this.tray.note.textContent = "";
    this.grow();
    if (this.tray.empty) return this.send(text);
    void this.tray.take().then((files) => {
      if (text || files.length) this.send(text, files);
    });
  }

  private send(text: string, files?: SentFile[], shown?: string): void {
    this.question = null;
    this.footKey = "";
    // The button that was pressed is about to go: the focus must not go with it.
    if (this.foot.matches(":focus-within")) this.log.focus({ preventScroll: true });
    this.actions.send(text, files, shown);
  }

  /** Put a line of the customer's into the field again, to send it otherwise. */
  private edit(line: Line): void {
    if (this.context.client.veil(line)) return;
    this.field.value = this.context.host.store.draft = line.body.text;
    this.grow();
    this.field.focus();
  }

  private speak(hear: NonNullable<ReturnType<typeof recognition>>, button: HTMLButtonElement): void {
    const { strings, words, host } = this.context;
    if (this.deafen) return this.deafen();
    const before = this.field.value && `${this.field.value.trimEnd()} `;
    const show = (listens: boolean) => {
      button.ariaPressed = String(listens);
      button.ariaLabel = button.title = listens ? strings.stopSpeaking : strings.speak;
    };
    let heard = false;
    this.tray.note.textContent = "";
    show(true);
    const stop = listen(hear, words.language, {
      heard: (text) => {
        if (!this.deafen) return; // sent meanwhile
        heard = true;
        this.field.value = host.store.draft = before + text;
        this.grow();
      },
      ended: (failed) => {
        this.deafen = null;
        show(false);
        if (failed && !heard) this.tray.note.textContent = strings.notHeard;
        this.field.focus();
      },
    });
    this.deafen = () => {
      this.deafen = null;
      stop();
    };
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
      menuItem(name, () => {
        this.menuButton.focus();
        act();
      });
    menu.replaceChildren(
      item(sound ? strings.soundOff : strings.soundOn, () => client.store.set("sound", !sound)),
      ...(!words.labels ? [item(strings.otherLanguage, actions.translate)] : []),
      ...(client.lines.length
        ? [
            item(strings.download, () => download(context)),
            item(strings.end, () => this.ask(this.stars())),
            item(strings.restart, () => this.ask(this.restart())),
          ]
        : []),
    );
    menu.hidden = !open;
    this.menuButton.ariaExpanded = String(open);
  }

  private items(): HTMLElement[] {
    return [...this.menu.querySelectorAll("button")];
  }

  /** Arrows go through the menu, Tab out of it. */
  private throughMenu(event: KeyboardEvent): void {
    const items = this.items();
    const at = items.findIndex((item) => item.matches(":focus"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") this.toggleMenu(false);
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  }

  private stars(): HTMLElement {
    const { client } = this.context;
    return stars(this.context, () => this.ask(null), () => {
      this.ask(null);
      client.forget();
      this.focus();
    });
  }

  /** Put a question at the end of the conversation; where the customer chose to be asked, the focus goes there. */
  private ask(question: HTMLElement | null, chosen = true): void {
    this.question = question;
    this.footKey = this.offersKey = "";
    this.stuck = true;
    this.draw();
    if (!chosen) return this.announce(question?.textContent ?? "");
    (question?.querySelector<HTMLElement>("input, button") ?? this.menuButton).focus();
  }

  private restart(): HTMLElement {
    const { strings, client } = this.context;
    return h(
      "div",
      { class: "card ask", role: "group", "aria-label": strings.restart },
      h("p", "", client.handoff?.state === "agent" ? strings.restartPerson : strings.restartAsk),
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

function menuItem(name: string, click: () => unknown): HTMLButtonElement {
  return h("button", { type: "button", role: "menuitem", dir: "auto", tabindex: -1, click }, name);
}
