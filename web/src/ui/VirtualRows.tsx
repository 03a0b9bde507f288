import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { offsetOf, rangeFor, type Layout, type Range } from "./rows.ts";
import "./rows.css";

/** What a view can do with its rows. */
export interface RowsHandle {
  /** Scrolls the window as far as is needed to see the row, or until the row is at its
   * top, so that what is below the row is in sight too. */
  show: (index: number, at?: "near" | "top") => void;
}

interface VirtualRowsProps {
  count: number;
  /** Of each row, in pixels. The style must agree. */
  height: number;
  /** A row's name, which stays the same wherever the row goes. */
  keyOf: (index: number) => string;
  row: (index: number) => ComponentChildren;
  /** The rows that have something below them, in order, and what it is. */
  open?: readonly number[];
  below?: (index: number) => ComponentChildren;
  /** A row that is there even when it is out of sight, since it has the focus. */
  keep?: number;
  handle?: RefObject<RowsHandle | null>;
  /** Returns the height in pixels that sticky elements cover at the top of the window. */
  covered?: () => number;
}

/** Taken for what is below a row until it was measured. */
const guess = 240;

/**
 * Renders those of many rows that are in the window, which scrolls them. A scroll
 * costs as much as the rows in sight, however many there are.
 */
export function VirtualRows(props: VirtualRowsProps) {
  const { count, height, keyOf, open = [], keep } = props;
  const box = useRef<HTMLDivElement>(null);
  const heights = useHeights();
  const layout: Layout = {
    count,
    row: height,
    below: open.map((index) => ({ index, height: heights.of(keyOf(index)) })),
  };
  const range = useRange(box, layout);
  useHandle(props, box, layout);

  const start = offsetOf(layout, range.first);
  const opened = new Set(open);
  const shown = indexes(range, keep, count).map((index) => {
    const key = keyOf(index);
    const inSight = index >= range.first && index < range.end;
    const top = `${offsetOf(layout, index) - start}px`;
    const place = inSight ? {} : { position: "absolute", insetInline: "0", top };
    return (
      <div key={key} class="rows-item" role="presentation" style={place}>
        {props.row(index)}
        {opened.has(index) && <Measured name={key} report={heights.report}>{props.below?.(index)}</Measured>}
      </div>
    );
  });
  return (
    <div class="rows" role="presentation" ref={box} style={{ height: `${offsetOf(layout, count)}px` }}>
      <div class="rows-part" role="presentation" style={{ top: `${start}px` }}>{shown}</div>
    </div>
  );
}

/** Lists the rows to render. The kept one stands in its order among them, so that
 * its element, which has the focus, is never moved. */
function indexes({ first, end }: Range, keep: number | undefined, count: number): number[] {
  const list = Array.from({ length: end - first }, (_, i) => first + i);
  if (keep === undefined || keep >= count || keep < 0) return list;
  if (keep < first) return [keep, ...list];
  return keep >= end ? [...list, keep] : list;
}

/** Keeps the rows to render in step with the window. */
function useRange(box: RefObject<HTMLDivElement | null>, layout: Layout): Range {
  // The first pixel in sight. It is read where the browser has laid out the page
  // anyway, never while rendering.
  const [top, setTop] = useState(0);
  const latest = useRef({ layout, top });
  latest.current = { layout, top };
  const look = (): void => {
    if (!box.current) return;
    const { layout: now, top: last } = latest.current;
    const next = -box.current.getBoundingClientRect().top;
    const a = rangeFor(now, last, last + innerHeight);
    const b = rangeFor(now, next, next + innerHeight);
    if (a.first !== b.first || a.end !== b.end) setTop(next);
  };
  useEffect(() => {
    let frame = 0;
    const soon = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        look();
      });
    };
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, []);
  useLayoutEffect(look); // what stands above may have grown or shrunk
  return rangeFor(layout, top, top + innerHeight);
}

function useHandle(props: VirtualRowsProps, box: RefObject<HTMLDivElement | null>, layout: Layout): void {
  const { handle, covered } = props;
  useLayoutEffect(() => {
    if (!handle) return;
    const show: RowsHandle["show"] = (index, at = "near") => {
      if (!box.current) return;
      const top = box.current.getBoundingClientRect().top + offsetOf(layout, index);
      const hidden = top - (covered?.() ?? 0);
      const beyond = top + layout.row - innerHeight;
      if (hidden < 0 || at === "top") scrollBy(0, hidden);
      else if (beyond > 0) scrollBy(0, beyond);
    };
    handle.current = { show };
  });
}

interface Heights {
  of: (name: string) => number;
  report: (name: string, height: number) => void;
}

/** Remembers what was measured, also of what is not rendered now. */
function useHeights(): Heights {
  const known = useRef(new Map<string, number>());
  const [, setTurn] = useState(0);
  const heights = useRef<Heights>({
    of: (name) => known.current.get(name) ?? guess,
    report: (name, height) => {
      if (known.current.get(name) === height) return;
      known.current.set(name, height);
      setTurn((turn) => turn + 1);
    },
  });
  return heights.current;
}

interface MeasuredProps {
  name: string;
  report: Heights["report"];
  children: ComponentChildren;
}

/** Reports the height of what it holds, now and whenever it changes. */
function Measured({ name, report, children }: MeasuredProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = (): void => report(name, element.getBoundingClientRect().height);
    const watch = new ResizeObserver(measure);
    measure();
    watch.observe(element);
    return () => watch.disconnect();
  }, [name]);
  return <div class="rows-below" role="presentation" ref={box}>{children}</div>;
}
