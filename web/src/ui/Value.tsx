import { useState } from "preact/hooks";
import { formatBytes } from "../model/format.ts";
import { cutText, visibleLines } from "../model/text.ts";

interface ValueProps {
  text: string;
  /** The characters that are shown at once: more make the rest hard to find. */
  limit?: number;
}

/** A value that anybody may have written: as text, isolated from what stands around
 * it, with its control characters visible, and its beginning alone when it is long. */
export function Value({ text, limit = 400 }: ValueProps) {
  const [whole, setWhole] = useState(false);
  const { text: start, cut, bytes } = cutText(text, limit);
  return (
    <>
      <bdi class="value">{visibleLines(whole ? text : start)}</bdi>
      {cut && (
        <button type="button" class="copy" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? "show less" : `… show all (${formatBytes(bytes)})`}
        </button>
      )}
      {text === "" && <span class="muted">empty</span>}
    </>
  );
}
