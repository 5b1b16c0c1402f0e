/** Elements without a framework; texts always become text nodes, never markup. */

export type Child = Node | string | false | null | undefined;

/**
 * An element. `props` are its class, or its attributes: a function among them listens to the event
 * of its name, false leaves out.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: string | Record<string, unknown> = "",
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const attributes = typeof props === "string" ? { class: props || false } : props;
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** A drawing of one path on a grid of 24, in the colour of the text around it. */
export function icon(path: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** Styles for a shadow root, in a way that a strict Content-Security-Policy lets pass. */
export function addStyles(root: ShadowRoot, css: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
