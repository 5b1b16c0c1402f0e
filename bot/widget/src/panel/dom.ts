/** The launcher's helpers, lent to the panel so that they are not loaded twice. */

import type * as dom from "../shared/dom";

export let h: typeof dom.h;
export let icon: typeof dom.icon;

export function borrow(lent: Pick<typeof dom, "h" | "icon">): void {
  ({ h, icon } = lent);
}
