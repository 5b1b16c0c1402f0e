/** Thumbs for an answer, stars for a conversation. */

import { h, icon } from "./dom";
import { STAR, THUMB } from "../shared/icons";
import type { Feedback } from "./api";
import { iconButton, textButton } from "./buttons";
import type { Context } from "./context";
import type { Strings } from "./strings";

/** Whether it arrived; `note` tells the customer. */
async function send(feedback: Feedback, note: HTMLElement, { client, host, strings, announce }: Context): Promise<boolean> {
  const sent = await client.rate(feedback).then(() => true, () => false);
  if (sent) host.emit("feedback", feedback);
  const takenBack = "rating" in feedback && !feedback.rating;
  const text = !sent ? strings.rateFailed : takenBack ? strings.takenBack : strings.thanks;
  note.replaceChildren(h("p", "muted", text));
  announce(text);
  return sent;
}

/** Two buttons for the answer to the customer's message `id`; the reason is asked in `below`. */
export function thumbs(id: string, below: HTMLElement, context: Context): HTMLElement[] {
  const { strings, client } = context;
  const both = ([[1, strings.up], [-1, strings.down]] as const).map(([rating, name]) =>
    iconButton(rating < 0 ? "act down" : "act", name, THUMB, () => rate(rating)),
  );
  const given = () => client.store.get("ratings")?.[id];
  const show = (rating: number | undefined): void =>
    both.forEach((button, at) => button.setAttribute("aria-pressed", String(rating === 1 - 2 * at)));
  const rate = async (pressed: 1 | -1): Promise<void> => {
    const before = given();
    const rating = pressed === before ? 0 : pressed; // pressed again, it is taken back
    show(rating);
    if (!(await send({ message_id: id, rating }, below, context))) return show(before);
    if (rating >= 0) return;
    const reasons = Object.entries(strings.reasons) as [keyof Strings["reasons"], string][];
    below.replaceChildren(
      h(
        "fieldset",
        "chips",
        h("legend", "", strings.why),
        ...reasons.map(([reason, name]) =>
          textButton("chip", name, () => send({ message_id: id, rating, reason }, below, context)),
        ),
      ),
    );
    below.scrollIntoView({ block: "nearest" });
  };
  show(given());
  return both;
}

/**
 * The question at the end; `done` when it was waved away. What was rated is over: `anew` begins
 * another conversation.
 */
export function stars(context: Context, done: () => void, anew: () => void): HTMLElement {
  const { strings, fill, client } = context;
  const comment = h("textarea", { rows: 2, maxlength: 1000, "aria-label": strings.comment, placeholder: strings.comment });
  const note = h("div");
  const submit = h("button", { class: "primary", type: "submit", disabled: true }, strings.submit);
  const more = h("div", "more", comment, submit);
  const form = h(
    "form",
    {
      class: "card ask",
      submit: async (event: Event) => {
        event.preventDefault();
        const chosen = Number(new FormData(form).get("stars"));
        const said = comment.value.trim();
        if (!(await send({ stars: chosen, ...(said && { comment: said }) }, note, context))) return;
        const again = textButton("primary", strings.anew, anew);
        form.replaceChildren(note, again);
        client.finish();
        again.focus();
      },
    },
    h(
      "fieldset",
      { class: "stars", change: () => (submit.disabled = false) },
      h("legend", "", strings.rateAsk),
      ...[1, 2, 3, 4, 5].map((n) =>
        h(
          "label",
          "",
          h("input", { type: "radio", name: "stars", value: n, "aria-label": fill(strings.star, { n }) }),
          icon(STAR),
        ),
      ),
    ),
    more,
    note,
    textButton("quiet", strings.skip, done),
  );
  return form;
}
