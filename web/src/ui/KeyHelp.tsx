import { useEffect, useRef } from "preact/hooks";
import { typing } from "./keys.ts";

const keys: readonly [string, string][] = [
  ["/", "go to the search field"],
  ["↑ ↓", "previous and next row; also Home, End, Page Up and Page Down"],
  ["→ ←", "expand or collapse a span, or go to its first child or parent"],
  ["Enter", "open the trace, or the details of the span"],
  ["n  p", "next and previous match"],
  ["c", "highlight the critical path"],
  ["+ −", "zoom in and out; 0 shows the whole trace"],
  ["Esc", "close, or reset the zoom"],
  ["?", "show these shortcuts"],
];

/** The button and the dialog that list the keys. */
export function KeyHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = (): void => dialog.current?.showModal();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "?" && !typing(event)) open();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <button type="button" class="plain" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={open}>?</button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keyboard shortcuts</h2>
        <dl class="keys">
          {keys.map(([key, words]) => (
            <div key={key}>
              <dt><kbd>{key}</kbd></dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog"><button type="submit">Close</button></form>
      </dialog>
    </>
  );
}
