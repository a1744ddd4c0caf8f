// What services say in English (why a camera is away, what an alert is of, why the API refuses
// something), in the reader's language.

type Sentences = Readonly<Record<string, string>>;
let sentences: Sentences = {};
let patterns: [RegExp, string][] = [];

/** Puts sentences in force; `{}` in them stands for what differs from case to case. */
export function translate(of: Sentences) {
  sentences = of;
  patterns = Object.keys(of)
    .filter((text) => text.includes("{}"))
    .sort((a, b) => b.length - a.length)
    .map((text) => [
      new RegExp(`^${text.split("{}").map(literal).join("(.+?)")}$`),
      of[text] ?? "",
    ]);
}

/** The text in the reader's language; as it is where nobody translated it (names people gave). */
export function said(text: string): string {
  const found = sentences[text];
  if (found !== undefined) return found;
  for (const [pattern, sentence] of patterns) {
    const parts = pattern.exec(text)?.slice(1);
    if (parts) return sentence.replace(/\{\}/g, () => said(parts.shift() ?? ""));
  }
  return text;
}

/** Loads them for a language. */
export async function learn(language: string) {
  translate(
    language === "ko" ? (await import("../../../../chassis/sentences/ko.json")).default : {},
  );
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
