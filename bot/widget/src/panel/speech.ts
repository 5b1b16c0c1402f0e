/** Speaking in place of writing, where the browser can: it does the listening, not the assistant. */

interface Recognition extends EventTarget {
  lang: string;
  interimResults: boolean;
  start(): void;
  stop(): void;
}

interface Heard extends Event {
  results: ArrayLike<ArrayLike<{ transcript: string }>>;
}

type Maker = new () => Recognition;

export function recognition(): Maker | undefined {
  const { SpeechRecognition, webkitSpeechRecognition } = window as {
    SpeechRecognition?: Maker;
    webkitSpeechRecognition?: Maker;
  };
  return SpeechRecognition ?? webkitSpeechRecognition;
}

export interface Listening {
  /** What was said so far. */
  heard(text: string): void;
  ended(failed: boolean): void;
}

/** Listen until it is quiet; what is returned ends it before. */
export function listen(Make: Maker, language: string, { heard, ended }: Listening): () => void {
  const ear = new Make();
  let failed = false;
  // Chinese without a country is Mandarin, which some browsers want to be told.
  ear.lang = language === "zh" ? "zh-CN" : language;
  ear.interimResults = true;
  ear.addEventListener("result", (event) =>
    heard(Array.from((event as Heard).results, (result) => result[0]?.transcript ?? "").join("")),
  );
  ear.addEventListener("error", () => (failed = true));
  ear.addEventListener("end", () => ended(failed));
  ear.start();
  return () => ear.stop();
}
