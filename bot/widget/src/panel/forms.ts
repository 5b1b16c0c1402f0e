/** What the customer is asked for by a form: a module of its own, loaded when they are. */

import { borrow, h } from "./dom";
import type { Refused } from "./api";
import type { Context } from "./context";
import { safeUrl } from "./text";
import type { Body } from "./types";

const INPUTS = {
  email: { type: "email", autocomplete: "email" },
  phone: { type: "tel", autocomplete: "tel" },
  postcode: { autocomplete: "postal-code" },
  order_number: { autocomplete: "off" },
  code: { inputmode: "numeric", autocomplete: "one-time-code" },
};
/** How much of it there must be; the assistant looks closer. */
const LEAST = { email: /.@.+\../, phone: /(\d\D*){5}/, postcode: /../, order_number: /./, code: /(\d\D*){6}/ };

/** Enough to know again what was sent: j•••@shop.example, •••34. */
export function veiled(value: string): string {
  return value.includes("@") ? value.replace(/^(.)[^@]*/u, "$1•••") : `•••${value.slice(-2)}`;
}

/** What the assistant asks to know who the customer is. `send` gets what is sent, and what of it is shown. */
export function identity(body: Body, context: Context, send: (text: string, shown: string) => void): HTMLElement {
  const { strings, notice } = context;
  borrow(context.host.dom);
  const fields = body.wanted!.map((fact, at) => {
    const id = `wanted${at}`;
    const input = h("input", { ...INPUTS[fact.way], dir: "ltr", spellcheck: "false", maxlength: 200, placeholder: fact.example, "aria-describedby": id });
    return { fact, input, note: h("p", { class: "failed", id, dir: "auto" }), value: () => input.value.trim() };
  });
  const submit = (event: Event) => {
    event.preventDefault();
    let wrong: HTMLElement | undefined;
    const answered = new Set(fields.map(({ fact, value }) => (fact.optional || value()) && fact.part));
    for (const { fact, input, note, value } of fields) {
      const lacks = !answered.has(fact.part);
      answered.add(fact.part); // told once, at the first of its fields
      const bad = lacks || (value() && !LEAST[fact.way].test(value()));
      note.textContent = lacks ? strings.wantedEmpty : bad ? strings.wantedOdd : "";
      input.ariaInvalid = String(Boolean(bad));
      if (bad) wrong ??= input;
    }
    if (wrong) return wrong.focus();
    const said = fields.map(({ value }) => value()).filter(Boolean);
    send(said.join(", "), said.map(veiled).join(", "));
  };
  context.announce(strings.wanted);
  const signIn = notice?.shop?.sign_in_url && safeUrl(notice.shop.sign_in_url);
  return h(
    "form",
    { class: "leave card", novalidate: true, "aria-label": strings.wanted, submit },
    ...fields.flatMap(({ fact, input, note }) => [
      h("label", { lang: body.language }, h("bdi", "", fact.name), input),
      note,
    ]),
    h("button", { class: "primary", type: "submit" }, strings.submit),
    signIn && h("p", "", context.link(signIn, strings.signIn)),
  );
}

/** Where a person may reach the customer later; `told` says that it has arrived. */
export function contact(context: Context, told: HTMLElement): HTMLElement {
  const { strings, client } = context;
  borrow(context.host.dom);
  const field = h("input", { type: "text", maxlength: 200, autocomplete: "email", "aria-label": strings.contactField, placeholder: strings.contactField });
  const note = h("p", { class: "failed", role: "status" });
  const submit = async (event: Event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return field.focus();
    try {
      await client.leave(text);
      context.announce(strings.contactDone);
      told.textContent = strings.contactDone;
    } catch (error) {
      // Of another module's class, which has the same fields.
      note.textContent = (error as Refused).status === 422 ? strings.contactBad : strings.failed;
      field.focus();
    }
  };
  return h(
    "form",
    { class: "leave", submit },
    h("p", "", strings.contactAsk),
    field,
    h("button", { class: "primary", type: "submit" }, strings.contactSend),
    note,
  );
}
