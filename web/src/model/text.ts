/** A text of which the page shows the beginning. */
export interface Cut {
  /** What is shown. */
  text: string;
  /** Whether something was left out. */
  cut: boolean;
  /** The size of the whole text in bytes of UTF-8. */
  bytes: number;
}

/** Returns the beginning of a text, never half a character. bytes is only counted
 * for a text that is cut. */
export function cutText(text: string, limit: number): Cut {
  if (text.length <= limit) return { text, cut: false, bytes: text.length };
  const half = /[\uD800-\uDBFF]/.test(text[limit - 1] ?? "") ? 1 : 0;
  return { text: text.slice(0, limit - half), cut: true, bytes: new TextEncoder().encode(text).length };
}

/** Characters that do not show: controls, separators of lines, halves of a character,
 * and marks of the format, such as those that turn the direction of the text; but for
 * those of Arabic and Syriac that show, and the joiners that scripts and emoji need. */
const unseen =
  /(?![\u0600-\u0605\u06DD\u070F\u08E2\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * Returns the text with what does not show made visible: control characters as the signs
 * that Unicode has for them (U+2400 and so on), others as ⟨U+202E⟩. Whoever shows
 * it isolates its direction with a bdi element.
 */
export function visible(text: string): string {
  return text.replace(unseen, signOf);
}

/** Does what visible does, and leaves line breaks and tabs, for text that is shown in
 * lines. */
export function visibleLines(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(unseen, (c) => (c === "\n" || c === "\t" ? c : signOf(c)));
}

function signOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
/** Returns a name that anybody may have written as a line that can be shown: its
 * control characters visible, and no more than limit characters of it. */
export function brief(text: string, limit = 200): string {
  const { text: start, cut } = cutText(text, limit);
  return visible(start) + (cut ? " …" : "");
}
