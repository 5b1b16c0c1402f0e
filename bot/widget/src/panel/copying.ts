/** Text into the clipboard. */

import { icon } from "./dom";
import { CHECK, COPY } from "../shared/icons";
import { iconButton } from "./buttons";
import type { Context } from "./context";

/** Nothing on pages without TLS, which have no clipboard. */
export function copyButton(text: () => string, context: Context, label: string): HTMLElement | undefined {
  if (!navigator.clipboard) return undefined;
  const button = iconButton("act", label, COPY, async () => {
    await navigator.clipboard.writeText(text());
    button.replaceChildren(icon(CHECK));
    context.announce(context.strings.copied);
    setTimeout(() => button.replaceChildren(icon(COPY)), 2_000);
  });
  return button;
}
