import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount, plural } from "../model/format.ts";
import { setQuery } from "../router.ts";

/** Milliseconds without a key before the words are searched for and put into the URL;
 * browsers refuse to change the URL for every key. */
const pause = 200;

interface FindBarProps {
  /** The words in the URL. */
  words: string;
  /** Which match is the current row, from 1; 0 for none. */
  at: number;
  count: number;
  go: (forward: boolean) => void;
  field: RefObject<HTMLInputElement | null>;
}

/** The field that searches the spans of the trace, and the way from match to match. */
export function FindBar({ words, at, count, go, field }: FindBarProps) {
  const [typed, setTyped] = useState(words);
  const written = useRef(words);
  const write = (text: string): void => {
    written.current = text;
    setQuery({ uiFind: text });
  };
  useEffect(() => {
    if (words === written.current) return; // more may have been typed since
    written.current = words;
    setTyped(words);
  }, [words]);
  useEffect(() => {
    if (typed === written.current) return undefined;
    const timer = setTimeout(() => write(typed), pause);
    return () => clearTimeout(timer);
  }, [typed]);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (typed !== words) write(typed);
      else if (count > 0) go(!event.shiftKey);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      write("");
      setTyped("");
      field.current?.blur();
    }
  };
  return (
    <div class="find" role="search">
      <input
        ref={field}
        type="search"
        placeholder="Find in trace"
        aria-label="Find spans by operation, service, tag, log or id; key=value matches a tag"
        title="Text or key=value (/)"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={onKey}
      />
      <span class="find-count muted" role="status">{said(words, at, count)}</span>
      <Step name="Previous match" keyName="p" sign="↑" off={count === 0} act={() => go(false)} />
      <Step name="Next match" keyName="n" sign="↓" off={count === 0} act={() => go(true)} />
    </div>
  );
}

interface StepProps {
  name: string;
  keyName: string;
  sign: string;
  off: boolean;
  act: () => void;
}

function Step({ name, keyName, sign, off, act }: StepProps) {
  return (
    <button
      type="button"
      class="plain"
      disabled={off}
      aria-label={name}
      title={`${name} (${keyName})`}
      onClick={act}
    >
      {sign}
    </button>
  );
}

function said(words: string, at: number, count: number): string {
  if (words.trim() === "") return "";
  if (count === 0) return "no matches";
  return at > 0 ? `${formatCount(at)} of ${formatCount(count)}` : plural(count, "match", "matches");
}
