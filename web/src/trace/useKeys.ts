import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { wholeOf, zoomBy, type Zoom } from "../model/minimap.ts";
import type { Trace } from "../model/trace.ts";
import { typing } from "../ui/keys.ts";

interface KeysProps {
  trace: Trace;
  zoom: Zoom;
  setZoom: (zoom: Zoom) => void;
  /** Goes to the next match, or the previous one. */
  go: (forward: boolean) => void;
  /** Marks the critical path, or no longer. */
  mark: () => void;
  /** The field to search in. */
  field: RefObject<HTMLInputElement | null>;
}

/** The view's keys, wherever the focus is; the rows have their own besides. */
export function useKeys(props: KeysProps): void {
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || typing(event)) return;
      if (document.querySelector("dialog[open]")) return;
      const action = actionFor(event.key, latest.current);
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function actionFor(key: string, props: KeysProps): (() => void) | undefined {
  const { trace, zoom, setZoom, go, mark, field } = props;
  switch (key) {
    case "n":
      return () => go(true);
    case "p":
      return () => go(false);
    case "c":
      return mark;
    case "+":
    case "=": // the same key without Shift
      return () => setZoom(zoomBy(zoom, 0.5, trace));
    case "-":
      return () => setZoom(zoomBy(zoom, 2, trace));
    case "0":
    case "Escape":
      return () => setZoom(wholeOf(trace));
    case "/":
      return () => {
        field.current?.focus();
        field.current?.select();
      };
    default:
      return undefined;
  }
}
