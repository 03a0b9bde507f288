import { useEffect, useRef } from "preact/hooks";
import { typing } from "./keys.ts";

const keys: readonly [string, string][] = [
  ["/", "go to the search field of the view"],
  ["↑ ↓", "previous and next row; Home and End, Page Up and Page Down too"],
  ["→ ←", "expand and collapse a span, or go to its first child and its parent"],
  ["Enter", "open the row: a trace, or the details of a span"],
  ["n  p", "next and previous match"],
  ["c", "mark the critical path"],
  ["+ −", "zoom in and out; 0 shows the whole trace"],
  ["Esc", "close, or leave the zoom"],
  ["?", "these keys"],
];

/** The button and the dialog that tell the keys. */
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
      <button type="button" class="plain" aria-label="Keyboard keys" title="Keyboard keys (?)" onClick={open}>?</button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
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
