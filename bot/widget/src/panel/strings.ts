/** The panel's words in the language of the page; each language is a file of its own. */

import type { LauncherLabels, WordsOf } from "../shared/host";
import type { Strings } from "../words/en";

export type { Strings };

export interface Words {
  /** A BCP 47 name, for dates and amounts. */
  language: string;
  direction: "ltr" | "rtl";
  strings: Strings;
  /** The launcher's, in a language that does not come with the widget. */
  labels?: Partial<LauncherLabels>;
}

/** The strings of a language; what a JSON file leaves out stays in English. */
export async function loadWords(wordsOf: WordsOf, language: string, url?: string): Promise<Words> {
  if (url) {
    try {
      const own = (await (await fetch(new URL(url, document.baseURI))).json()) as Partial<
        Strings & LauncherLabels & Words
      >;
      const named = own.language ?? language;
      const en = await wordsOf("en");
      return {
        language: named,
        direction: own.direction ?? (/^(ar|dv|fa|he|ps|sd|ug|ur|yi)\b/.test(named) ? "rtl" : "ltr"),
        strings: { ...en, ...own, reasons: { ...en.reasons, ...own.reasons } },
        labels: own,
      };
    } catch {
      console.warn(`Shopguide: ${url} could not be read as a JSON file of strings; English is shown.`);
    }
  }
  const name = language.startsWith("zh") ? "zh" : "en";
  return {
    language: language.startsWith(name) ? language : name,
    direction: "ltr",
    strings: await wordsOf(name),
  };
}

/** Fill the places in braces. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
