/** Choosing a variant on a product's card. What was not chosen is nobody's choice. */

import { h } from "./dom";
import type { Context } from "./context";
import type { CardVariant, ProductCard } from "./types";

/** With more values than this, an option is a list to open. */
const MOST_CHIPS = 6;

let count = 0;

export interface Chooser {
  element: HTMLElement | null;
  /** The variant that was chosen; undefined while there is a choice left. */
  chosen(): CardVariant | undefined;
  /** The first option that nothing was chosen of, and the way to it. */
  missing(): { name: string; focus(): void } | null;
}

export function chooser(card: ProductCard, context: Context, changed: () => void): Chooser {
  const variants = card.variants ?? [];
  const names = [...new Set(variants.flatMap(({ options }) => Object.keys(options)))];
  const picked: Record<string, string> = {};
  const values = (name: string) => [...new Set(variants.map(({ options }) => options[name]).filter((one) => one !== undefined))];
  // One value is no choice.
  for (const name of names) if (values(name).length === 1) picked[name] = values(name)[0]!;
  const meets = (variant: CardVariant, wanted: Record<string, string>) =>
    Object.entries(wanted).every(([name, value]) => variant.options[name] === value);
  const missing = () => names.find((name) => !(name in picked));
  const open = names.filter((name) => values(name).length > 1);
  const updates: (() => void)[] = [];
  const first: Record<string, () => void> = {};
  const pick = (name: string, value: string) => {
    if (value) picked[name] = value;
    else delete picked[name];
    // What cannot be had together with this is to be chosen anew.
    if (!variants.some((variant) => variant.available && meets(variant, picked))) {
      for (const other of open) if (other !== name) delete picked[other];
    }
    for (const update of updates) update();
    changed();
  };
  const id = `choice-${++count}`;
  const one = (name: string): HTMLElement => {
    const all = values(name);
    /** Whether something can be bought with this value and what else was chosen. */
    const left = (value: string) =>
      variants.some((variant) => variant.available && meets(variant, { ...picked, [name]: value }));
    /** Sold out whatever else is chosen. */
    const never = (value: string) => !variants.some(({ available, options }) => available && options[name] === value);
    const gone = ` (${context.strings.soldOut})`;
    if (all.length > MOST_CHIPS) {
      const options = all.map((value) => h("option", { value }, value));
      const list = h(
        "select",
        { "aria-label": name, change: () => pick(name, list.value) },
        h("option", { value: "" }, `${name}…`),
        ...options,
      );
      updates.push(() =>
        options.forEach((option, at) => {
          option.disabled = never(all[at]!);
          option.textContent = all[at]! + (left(all[at]!) ? "" : gone);
          list.value = picked[name] ?? "";
        }),
      );
      first[name] = () => list.focus();
      return list;
    }
    const radios = all.map((value) =>
      h("input", { type: "radio", name: `${id} ${name}`, value, change: () => pick(name, value) }),
    );
    const said = all.map(() => h("span", "sr"));
    updates.push(() =>
      radios.forEach((radio, at) => {
        radio.disabled = never(all[at]!);
        radio.checked = picked[name] === all[at];
        said[at]!.textContent = left(all[at]!) ? "" : gone;
        radio.parentElement?.classList.toggle("gone", !left(all[at]!));
      }),
    );
    first[name] = () => (radios.find((radio) => !radio.disabled) ?? radios[0]!).focus();
    return h(
      "fieldset",
      "option",
      h("legend", { dir: "auto" }, name),
      ...radios.map((radio, at) => h("label", { dir: "auto" }, radio, h("span", "", all[at]!), said[at]!)),
    );
  };
  const element = open.length ? h("div", "options", ...open.map(one)) : null;
  for (const update of updates) update();
  return {
    element,
    chosen: () => (variants.length && !missing() ? variants.find((variant) => meets(variant, picked)) : undefined),
    missing() {
      const name = missing();
      return name ? { name, focus: first[name]! } : null;
    },
  };
}
