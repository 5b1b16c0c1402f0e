/** What the parts of the panel share. */

import type { Client } from "./client";
import { fill, type Strings, type Words } from "./strings";
import type { Making } from "./text";
import { isOwn } from "./text";
import { h } from "./dom";
import type { Host } from "../shared/host";

export class Context {
  readonly strings: Strings;
  /** Where pictures may come from. */
  readonly imageHosts: string[];

  constructor(
    readonly host: Host,
    readonly client: Client,
    readonly words: Words,
    /** Say a sentence to screen readers. */
    readonly announce: (text: string) => void,
  ) {
    const { title, greeting, suggestions, imageHosts = "" } = host.config;
    this.strings = {
      ...words.strings,
      ...(title && { title }),
      ...(greeting && { greeting }),
      ...(suggestions != null && { suggestions: suggestions.split("|").filter(Boolean) }),
    };
    this.imageHosts = [location.host, new URL(host.api).host, ...imageHosts.split(/[\s,]+/)];
  }

  fill(text: string, values: Record<string, string | number>): string {
    return fill(text, values);
  }

  /** ¥899, ¥98.50. */
  money(amount: string, currency: string): string {
    try {
      return new Intl.NumberFormat(this.words.language, {
        style: "currency",
        currency,
        currencyDisplay: "narrowSymbol",
        minimumFractionDigits: Number.isInteger(Number(amount)) ? 0 : 2,
      }).format(Number(amount));
    } catch {
      return `${amount} ${currency}`;
    }
  }

  /** 14:03; with the day when it is not today. */
  time(at: number): string {
    const when = new Date(at);
    const today = when.toDateString() === new Date().toDateString();
    return when.toLocaleString(this.words.language, {
      ...(!today && { month: "short", day: "numeric" }),
      hour: "numeric",
      minute: "2-digit",
    });
  }

  /** A link that the page may take over; another site opens in a tab of its own. */
  link: Making["link"] = (url, ...children) => {
    const away = /^http/.test(url.protocol) && !isOwn(url);
    return h(
      "a",
      {
        href: url.href,
        dir: "auto",
        target: away && "_blank",
        rel: away && "noopener noreferrer",
        click: (event: Event) => {
          if (!this.host.emit("link", { url: url.href })) event.preventDefault();
        },
      },
      ...children,
      away && h("span", "sr", ` (${this.strings.newWindow})`),
    );
  };
}
