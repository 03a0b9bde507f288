import { useId, useState } from "preact/hooks";
import { navigate } from "../router.ts";
import { noTraceID, placeOf } from "../model/place.ts";

/** A field for a trace's id, in whatever form a log has it, and opens the trace. */
export function OpenTrace() {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const id = useId();
  const open = (event: Event): void => {
    event.preventDefault();
    const place = placeOf(text);
    setWrong(place === "");
    if (place !== "") navigate(place);
  };
  return (
    <form class="open-trace field" onSubmit={open}>
      <label for={id}>Open a trace</label>
      <div class="open-trace-line">
        <input id={id} type="text" value={text} autocomplete="off" spellcheck={false}
          placeholder="id, link or header" aria-invalid={wrong ? "true" : undefined}
          aria-describedby={wrong ? `${id}-note` : undefined}
          onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit">Open</button>
      </div>
      {wrong && (
        <p class="field-note error" id={`${id}-note`} role="alert">
          <span aria-hidden="true">✕ </span>
          {noTraceID}
        </p>
      )}
    </form>
  );
}
