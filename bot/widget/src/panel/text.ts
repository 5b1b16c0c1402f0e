/** Texts of strangers: made harmless, and a small part of Markdown made into elements. */

import { h } from "./dom";

/** Characters shown before "show more". */
export const SHOWN = 4_000;
/** Characters of one text that are kept at all. */
const MOST = 200_000;

/** JSON in which no text holds control characters or marks that turn the direction of what follows. */
export function readJson<T>(json: string): T {
  return JSON.parse(json, (_, value: unknown) => (typeof value === "string" ? harmless(value) : value)) as T;
}

export function harmless(text: string): string {
  return text.slice(0, MOST).replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/g, "");
}

const LINKS = new Set(["http:", "https:", "mailto:", "tel:"]);

/** The address if it may be opened; paths are those of the shop's page. */
export function safeUrl(address: string): URL | null {
  try {
    const url = new URL(address, document.baseURI);
    return LINKS.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** The address of a picture if its host may send one. */
export function safeImage(address: string | null | undefined, hosts: string[]): string | null {
  const url = address ? safeUrl(address) : null;
  return url && hosts.includes(url.host) ? url.href : null;
}

/** Whether an address stays on the shop's site, where no new tab is needed. */
export function isOwn(url: URL): boolean {
  return url.origin === location.origin;
}

export interface Making {
  link(url: URL, ...children: (Node | string)[]): Node;
  /** What stands for "[2]"; null where there is no such citation. */
  cite(number: number): Node | null;
  /** The shop's phone number, which is made into a link where it stands. */
  phone?: string | undefined;
}

const INLINE =
  /`([^`\n]{1,2000})`|\*\*([^*\n]{1,2000})\*\*|!?\[([^[\]\n]{1,300})\]\(([^()\s]{1,2000})\)|\[(\d{1,2})\]|(https?:\/\/[^\s<>"'，。；：！？、）】》」]{1,2000})|([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})/g;

function inline(text: string, make: Making): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, bold, label, target, number] = match;
    let bare = match[6];
    let mail = match[7];
    let node: Node | null = null;
    if (code) node = h("code", "", code);
    else if (bold) node = h("strong", "", ...inline(bold, make));
    else if (number) node = make.cite(Number(number));
    else if (label && target) {
      const url = safeUrl(target);
      // A label that names another site than the one it leads to is a lie: the address is shown.
      const named = /^\s*(https?:\/\/)?[\w-]+(\.[\w-]+)+\S*\s*$/i.test(label);
      const lies = named && url && !label.toLowerCase().includes(url.host);
      node = url ? make.link(url, lies ? url.href : label) : document.createTextNode(label);
    } else if (bare) {
      bare = bare.replace(/[.,;:!?)\]*]+$/, "");
      const url = safeUrl(bare);
      if (url) node = make.link(url, bare);
    } else if (mail) {
      bare = mail = mail.replace(/[.-]+$/, "");
      node = make.link(new URL(`mailto:${mail}`), mail);
    }
    if (!node) continue;
    parts.push(...phone(text.slice(end, match.index), make), node);
    end = match.index + (bare ?? whole).length;
  }
  parts.push(...phone(text.slice(end), make));
  return parts;
}

/** The shop's own number becomes a link; any other digits may be an order's, or a parcel's. */
function phone(text: string, make: Making): (Node | string)[] {
  const at = make.phone ? text.indexOf(make.phone) : -1;
  if (at < 0) return [text];
  const number = make.phone!;
  const link = make.link(callUrl(number), number);
  return [text.slice(0, at), h("span", "phone", link), ...phone(text.slice(at + number.length), make)];
}

export function callUrl(number: string): URL {
  return new URL(`tel:${number.replace(/[^\d+]/g, "")}`);
}

/** The address with the very sentence in it, which browsers go to and mark. */
export function toSentence(url: URL, quote: string): URL {
  const plain = quote.replace(/[…*_`#>|]/g, " ").replace(/\s+/g, " ").trim();
  if (!/^https?:$/.test(url.protocol) || plain.length < 4) return url;
  // Dashes and commas part the pieces of a fragment.
  const part = (text: string) => encodeURIComponent(text.trim()).replaceAll("-", "%2D");
  const words = plain.split(" ");
  let piece: string;
  if (plain.length <= 80) piece = part(plain);
  else if (words.length >= 12) piece = `${part(words.slice(0, 5).join(" "))},${part(words.slice(-5).join(" "))}`;
  else piece = `${part(plain.slice(0, 14))},${part(plain.slice(-14))}`;
  const there = new URL(url);
  there.hash = `${there.hash}:~:text=${piece}`;
  return there;
}

/** Paragraphs, lists and code. */
export function markdown(text: string, make: Making): DocumentFragment {
  const out = document.createDocumentFragment();
  let block = null as HTMLElement | null;
  let code: HTMLElement | null = null;
  for (const line of text.split("\n")) {
    if (/^\s*```/.test(line)) {
      if (code) code = null;
      else out.append(h("pre", { tabindex: 0, dir: "ltr" }, (code = h("code"))));
      block = null;
      continue;
    }
    if (code) {
      code.append(line + "\n");
      continue;
    }
    const item = /^\s{0,6}(?:([-*•·])|\d{1,3}[.)、])\s+(.*)$/.exec(line);
    if (item) {
      const tag = item[1] ? "ul" : "ol";
      if (block?.localName !== tag) {
        out.append((block = h(tag)));
        if (tag === "ol") block.setAttribute("start", String(parseInt(line, 10)));
      }
      block.append(h("li", { dir: "auto" }, ...inline(item[2]!, make)));
    } else if (!line.trim()) {
      block = null;
    } else {
      if (block?.localName !== "p") out.append((block = h("p", { dir: "auto" })));
      else block.append(h("br"));
      block.append(...inline(line, make));
    }
  }
  return out;
}
