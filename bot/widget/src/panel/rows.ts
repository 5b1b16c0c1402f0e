/** A line of the conversation as the customer sees it. */

import { h, icon } from "./dom";
import { CLOCK, FILE, PENCIL } from "../shared/icons";
import { iconButton, textButton } from "./buttons";
import { cards, priceOf, table } from "./cards";
import type { Context } from "./context";
import { copyButton } from "./copying";
import { thumbs } from "./rating";
import { markdown, safeUrl, SHOWN, toSentence } from "./text";
import type { Citation, Line } from "./types";

export interface Place {
  /** The last line of an answer bears the buttons for it. */
  endsTurn: boolean;
  /** Long after the line before it. */
  showsTime: boolean;
  retry(line: Line): void;
  /** How far the customer's last line has come, where there is something to say. */
  mark?: string | undefined;
  /** Put it into the field again; only the last line can be. */
  edit?: ((line: Line) => void) | undefined;
}

export function speaker(line: Line, context: Context): string {
  const { strings } = context;
  if (line.sender === "agent") return line.agent ?? strings.person;
  return line.sender === "bot" ? strings.title : strings.you;
}

export function row(line: Line, place: Place, context: Context): HTMLElement {
  const mine = line.sender === "customer";
  const element = h(
    "li",
    { class: `row ${line.sender}`, lang: !mine && line.body.language },
    place.showsTime && h("time", { class: "when muted", datetime: new Date(line.at).toISOString() }, context.time(line.at)),
    h("span", { class: line.sender === "agent" ? "muted" : "sr" }, speaker(line, context), h("span", "sr", ": ")),
  );
  if (mine) element.append(...said(line, place, context));
  else element.append(...answered(line, place, context));
  return element;
}

function said(line: Line, place: Place, context: Context): HTMLElement[] {
  const { strings } = context;
  const bubble = h("div", { class: "bubble", dir: "auto" }, context.client.shown(line), sentFiles(line));
  if (line.state === "waiting") {
    // Shown by the style only when it takes long.
    return [bubble, h("p", "waiting muted", icon(CLOCK), strings.waiting)];
  }
  const edit = place.edit && iconButton("act", strings.edit, PENCIL, () => place.edit!(line));
  if (line.state === "sent") {
    const below = place.mark || edit;
    return below ? [bubble, h("p", "mine muted", edit, place.mark)] : [bubble];
  }
  const again = textButton("quiet", strings.retry, () => place.retry(line));
  return [bubble, h("p", { class: "failed", dir: "auto" }, line.error || strings.failed, " ", again)];
}

function sentFiles({ body: { files = [] } }: Line): HTMLElement | false {
  return (
    files.length > 0 &&
    h("ul", { class: "sent", role: "list" }, ...files.map(({ name }) => h("li", "", icon(FILE), h("bdi", "", name))))
  );
}

function answered(line: Line, place: Place, context: Context): HTMLElement[] {
  const { text, citations = [], cards: shown = [], table: rows } = line.body;
  const parts: HTMLElement[] = [];
  if (text) parts.push(bubble(text, citations, context));
  if (rows) parts.push(table(rows, context));
  parts.push(...cards(shown, context));
  if (place.endsTurn && line.replyTo) {
    const below = h("div", "below");
    const copy = copyButton(() => readable(line, context), context, context.strings.copy);
    parts.push(h("div", "acts", copy, ...thumbs(line.replyTo, below, context)), below);
  }
  return parts;
}

/** A text of the other side; the rest of a very long one waits behind a button. */
export function bubble(text: string, citations: Citation[], context: Context): HTMLElement {
  const element = h("div", "bubble");
  const cited = new Set<number>();
  const cite = (number: number) => {
    const citation = citations.find((one) => one.number === number);
    if (!citation) return null;
    cited.add(number);
    return chip(citation, context);
  };
  const draw = (most: number) => {
    cited.clear();
    element.replaceChildren(markdown(text.slice(0, most), { link: context.link, cite, phone: context.phone }));
    const rest = citations.filter(({ number }) => !cited.has(number));
    if (rest.length) element.append(h("p", "", ...rest.map((citation) => chip(citation, context))));
  };
  draw(SHOWN);
  if (text.length > SHOWN) {
    element.append(textButton("quiet", context.strings.more, () => draw(Infinity)));
  }
  return element;
}

/** A number that opens the quote it stands for. */
function chip(citation: Citation, context: Context): HTMLElement {
  const { strings, fill } = context;
  const label = fill(strings.source, { n: citation.number, title: citation.title });
  const button = h(
    "button",
    { class: "cite", type: "button", "aria-expanded": "false", "aria-label": label, title: citation.title },
    String(citation.number),
  );
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-expanded") === "true") return shut(button);
    const url = safeUrl(citation.url);
    const note = h(
      "span",
      { class: "note card", role: "group", "aria-label": label },
      h("strong", { dir: "auto" }, citation.title),
      h("q", { dir: "auto" }, citation.quote.slice(0, 1_000)),
      url && context.link(toSentence(url, citation.quote), strings.openSource),
    );
    button.setAttribute("aria-expanded", "true");
    button.after(note);
    note.style.top = `${button.offsetTop + button.offsetHeight + 6}px`;
    note.scrollIntoView({ block: "nearest" });
  });
  return button;
}

/** Close the quote of a chip. */
export function shut(chip: Element): void {
  chip.setAttribute("aria-expanded", "false");
  if (chip.nextElementSibling?.matches(".note")) chip.nextElementSibling.remove();
}

/** A line as plain text, for the clipboard, the transcript and screen readers. */
export function readable(line: Line, context: Context): string {
  const { strings } = context;
  const { files = [], citations = [], cards: shown = [], table: rows } = line.body;
  return [
    context.client.shown(line),
    ...(rows ? [rows.header, ...rows.rows].map((cells) => cells.join(" | ")) : []),
    ...shown.map((card) =>
      card.kind === "product"
        ? `- ${card.title}: ${priceOf(card, context)}, ${card.stock_text}`
        : [
            `- ${card.number}: ${card.status_text}, ${card.items.join(", ")}, ${strings.total} ${context.money(card.total, card.currency)}`,
            ...(card.tracking ? [`${strings.tracking} ${card.tracking}`] : []),
          ].join(", "),
    ),
    ...files.map(({ name }) => `[${name}]`),
    ...citations.map(({ number, title, quote }) => `[${number}] ${title}: ${quote}`),
  ].join("\n");
}
