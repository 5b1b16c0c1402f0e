/** What the parts of the panel share. */

import type { Notice } from "./api";
import type { Client } from "./client";
import { fill, type Strings, type Words } from "./strings";
import type { Making } from "./text";
import { isOwn, safeUrl } from "./text";
import { h } from "./dom";
import type { Host } from "../shared/host";

export class Context {
  readonly strings: Strings;
  /** What the gateway said of the shop. */
  notice: Notice | undefined;

  constructor(
    readonly host: Host,
    readonly client: Client,
    readonly words: Words,
    /** Say a sentence to screen readers. */
    readonly announce: (text: string) => void,
  ) {
    const { title, greeting, suggestions } = host.config;
    this.strings = {
      ...words.strings,
      ...(title && { title }),
      ...(greeting && { greeting }),
      ...(suggestions != null && { suggestions: suggestions.split("|").filter(Boolean) }),
    };
  }

  /** Where pictures may come from. */
  get imageHosts(): string[] {
    const { imageHosts = "" } = this.host.config;
    return [location.host, new URL(this.host.api).host, ...imageHosts.split(/[\s,]+/), ...(this.notice?.picture_hosts ?? [])];
  }

  /** The shop's phone, also when the gateway cannot be asked. */
  get phone(): string | undefined {
    return this.notice ? (this.notice.shop?.phone ?? undefined) : this.host.store.get("phone");
  }

  /** Where the cart is. */
  get cartUrl(): URL | null {
    const address = this.host.config.cartUrl ?? this.notice?.shop?.cart_url ?? this.host.store.get("cartUrl");
    return address ? safeUrl(address) : null;
  }

  /** The shop's name, for a file that leaves the page. */
  get shopName(): string {
    const { name = {} } = this.notice?.shop ?? {};
    return name[this.words.language.slice(0, 2)] ?? Object.values(name)[0] ?? location.host;
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
