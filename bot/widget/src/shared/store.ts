/**
 * What the browser keeps between pages and shares between tabs. Every fact and every waiting message
 * has an entry of its own: tabs that write at once must not write over each other.
 */

export interface Session {
  token: string;
  /** When the token ends, as the gateway wrote it. */
  expires: string;
  /** The shop's page proved who this is; the conversation ends when it no longer does. */
  signed: boolean;
}

/** A message that has not been answered yet; it is sent again, under its id, until it is. */
export interface Pending {
  id: string;
  text: string;
  at: number;
  /** Where it was written, and what was sent along. */
  page?: object;
  files?: { file_id: string; kind: string; name: string }[];
}

export interface Facts {
  session: Session;
  /** The last line that the customer has seen. */
  readId: string;
  unread: number;
  /** A person is asked for, or speaks: news may come at any time. */
  handedOff: boolean;
  ratings: Record<string, number>;
  /** What is shown in the place of lines that say who the customer is. */
  veils: Record<string, string>;
  sound: boolean;
  /** The language that was chosen in the menu, over which one of the shop's. */
  chosen: { language: string; over: string };
  /** The last of the customer's lines that a person has read. */
  readUpTo: string;
  /** The line that a tab has sounded for. */
  chimed: string;
  /** The shop's way out when nothing answers, and its cart. */
  phone: string;
  cartUrl: string;
}

export class Store {
  /** The page's own memory where the browser keeps nothing. */
  private readonly kept = usable(() => localStorage);
  private readonly tab = usable(() => sessionStorage);

  constructor(readonly key: string) {}

  get<F extends keyof Facts>(fact: F): Facts[F] | undefined {
    const text = this.kept[`${this.key} ${fact}`];
    return text ? (JSON.parse(text) as Facts[F]) : undefined;
  }

  set<F extends keyof Facts>(fact: F, value: Facts[F] | undefined): void {
    this.kept[`${this.key} ${fact}`] = JSON.stringify(value) ?? "";
  }

  /** What waits to be answered, oldest first. */
  outbox(): Pending[] {
    return Object.keys(this.kept)
      .filter((name) => name.startsWith(`${this.key}>`))
      .map((name) => JSON.parse(this.kept[name]!) as Pending)
      .sort((one, other) => one.at - other.at);
  }

  put(message: Pending): void {
    this.kept[`${this.key}>${message.id}`] = JSON.stringify(message);
  }

  take(id: string): void {
    const name = `${this.key}>${id}`;
    if (name in this.kept) delete this.kept[name];
  }

  /** Whether the panel is to be open on this tab's next page. */
  get open(): boolean {
    return Boolean(this.tab[this.key]);
  }

  /** What was begun to be written in this tab. */
  get draft(): string {
    return this.tab[`${this.key} draft`] ?? "";
  }

  set draft(text: string) {
    this.tab[`${this.key} draft`] = text.slice(0, 10_000);
  }

  set open(open: boolean) {
    this.tab[this.key] = open ? "1" : "";
  }
}

function usable(storage: () => Storage): Record<string, string> {
  try {
    storage().setItem("shopguide", " ".repeat(9_999)); // also whether there is room
    storage().removeItem("shopguide");
    return storage() as unknown as Record<string, string>;
  } catch {
    return {};
  }
}
