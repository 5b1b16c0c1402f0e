/** What the gateway sends, as bot/messages.py writes it. */

export interface CardVariant {
  variant_id: string;
  /** By the option's name, in the catalogue's order. */
  options: Record<string, string>;
  price: string;
  list_price: string | null;
  available: boolean;
}

export interface ProductCard {
  kind: "product";
  product_id: string;
  title: string;
  summary: string;
  price: string;
  list_price: string | null;
  currency: string;
  in_stock: boolean;
  stock_text: string;
  reason: string | null;
  url: string;
  image?: string | null;
  /** None where there is one variant only. */
  variants?: CardVariant[];
  variant_id?: string | null;
  from_price?: boolean;
}

export interface OrderCard {
  kind: "order";
  number: string;
  status: string;
  status_text: string;
  placed_on: string;
  items: string[];
  total: string;
  currency: string;
  tracking: string | null;
  events: string[];
  steps?: { title: string; at: string | null; state: "done" | "current" | "todo" }[];
}

export interface Citation {
  number: number;
  title: string;
  source: string;
  quote: string;
  url: string;
}

/** What is asked to know who the customer is; of those of one `part` any one will do. */
export interface WantedFact {
  way: "email" | "phone" | "postcode" | "order_number" | "code";
  name: string;
  example?: string | null;
  part: number;
  optional: boolean;
}

export interface Handoff {
  ticket: number;
  state: "queued" | "agent" | "closed";
  position: number | null;
  agent: string | null;
  opens: string | null;
  picture?: string | null;
  /** Out of hours: the customer may leave an e-mail address or a phone number. */
  contact?: boolean;
}

export type FileKind = "picture" | "voice" | "video" | "file";

export interface SentFile {
  file_id: string;
  kind: FileKind;
  name: string;
}

export interface Body {
  text: string;
  buttons?: { title: string; payload: string }[];
  cards?: (ProductCard | OrderCard)[];
  citations?: Citation[];
  table?: { header: string[]; rows: string[][] } | null;
  language?: string;
  handoff?: Handoff | null;
  wanted?: WantedFact[];
  /** What the customer sent along. */
  files?: SentFile[];
}

export type Sender = "customer" | "bot" | "agent";

/** A line of the history, or one that came over the socket. */
export interface WireLine extends Body {
  message_id: string;
  sender: Sender;
  created_at?: string;
  reply_to?: string | null;
  agent?: string | null;
  /** Only an apology was possible; the same id is answered when it is sent again. */
  unanswered?: boolean;
}

/** A line of the conversation. */
export interface Line {
  id: string;
  sender: Sender;
  at: number;
  replyTo: string | null;
  agent: string | null;
  body: Body;
  /** How far a message of the customer's has come. */
  state: "waiting" | "sent" | "failed";
  error?: string;
}

/** The answer under way: to which message, and its text so far. */
export interface Growing {
  id: string;
  text: string;
  seq: number;
}
