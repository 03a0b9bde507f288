import type { RefObject } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Look } from "../model/colors.ts";
import type { Segment } from "../model/critical.ts";
import { formatDuration } from "../model/format.ts";
import type { Zoom } from "../model/minimap.ts";
import type { Trace } from "../model/trace.ts";
import { useWidth } from "../ui/useWidth.ts";
import { VirtualRows, type RowsHandle } from "../ui/VirtualRows.tsx";
import { Detail, type SpanLink } from "./Detail.tsx";
import { axisMarks, percent, type Sight } from "./lane.ts";
import { storedShare } from "./nameShare.ts";
import { SpanRow, type Match } from "./SpanRow.tsx";
import { Splitter } from "./Splitter.tsx";
import { stepFor, type Found } from "./tree.ts";
import type { Tree } from "./useTree.ts";
import "./waterfall.css";

interface WaterfallProps {
  trace: Trace;
  tree: Tree;
  looks: ReadonlyMap<string, Look>;
  zoom: Zoom;
  /** What the spans have of the critical path; empty when it is not marked. */
  critical: ReadonlyMap<string, readonly Segment[]>;
  /** What was found; undefined when nothing is searched for. */
  found: Found | undefined;
  /** The words searched for, in lower case. */
  words: readonly string[];
  /** What is odd about spans, in words, by key. */
  warnings: ReadonlyMap<string, string>;
  zoomTo: (start: number, end: number) => void;
  link: SpanLink;
  handle: RefObject<RowsHandle | null>;
}

/** A row's height in pixels; --row in the style is the same. */
const rowHeight = 26;

/** The width in pixels of the longest label of a bar, and a mark of the axis. */
const labelWidth = 60;
const markWidth = 110;

const none: readonly Segment[] = [];

/** The spans as rows, with their times as bars. */
export function Waterfall(props: WaterfallProps) {
  const { trace, tree, zoom, handle } = props;
  const box = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(storedShare);
  const lane = Math.max(1, useWidth(box) * (1 - share));
  const room = labelWidth / lane;
  const sight = useMemo(() => ({ start: trace.start, zoom, room }), [trace, zoom, room]);
  const { rows, open } = tree;
  const opened: number[] = [];
  if (open.size > 0) rows.forEach((row, index) => open.has(row.key) && opened.push(index));
  return (
    <div class="waterfall" ref={box} style={{ "--name": percent(share) }}>
      <Splitter box={box} share={share} setShare={setShare} />
      <div
        role="treegrid"
        aria-label="Spans"
        aria-rowcount={rows.length + 1}
        aria-colcount={2}
        onKeyDown={(event) => onKey(event, trace, tree, covered(box.current))}
      >
        <Axis zoom={zoom} most={Math.max(2, Math.floor(lane / markWidth))} />
        <VirtualRows
          count={rows.length}
          height={rowHeight}
          keyOf={(index) => rows[index]?.key ?? ""}
          row={(index) => rowAt(props, sight, index)}
          open={opened}
          below={(index) => detailAt(props, index)}
          keep={tree.index}
          handle={handle}
          covered={() => covered(box.current)}
        />
      </div>
    </div>
  );
}

function detailAt({ trace, tree, words, zoomTo, link }: WaterfallProps, index: number) {
  const row = tree.rows[index];
  if (row?.type !== "span") return null;
  return (
    <div role="row" class="detail-row" aria-level={row.depth + 2}>
      <div role="gridcell" aria-colspan={2}>
        <Detail
          node={row}
          trace={trace}
          words={words}
          zoomTo={({ span, end }) => zoomTo(span.start - trace.start, end - trace.start)}
          link={link}
        />
      </div>
    </div>
  );
}

function rowAt({ tree, looks, critical, found, warnings }: WaterfallProps, sight: Sight, index: number) {
  const row = tree.rows[index];
  if (!row) return null;
  const { kept } = tree;
  const collapsed = tree.collapsed.has(row.key);
  return (
    <SpanRow
      row={row}
      index={index}
      look={row.type === "span" ? looks.get(row.span.process.service) : undefined}
      sight={sight}
      segments={critical.get(row.key) ?? none}
      current={index === tree.index}
      open={tree.open.has(row.key)}
      collapsed={collapsed}
      parent={kept ? row.children.some((child) => kept.has(child)) : row.descendants > 0}
      match={matchOf(row.key, collapsed, found)}
      warnings={warnings.get(row.key) ?? ""}
      actions={tree.actions}
    />
  );
}

/** A row that hides a match is not dimmed. */
function matchOf(key: string, collapsed: boolean, found: Found | undefined): Match {
  if (!found) return "";
  if (found.keys.has(key)) return "hit";
  return collapsed && found.above.has(key) ? "" : "dim";
}

/** Returns the pixels at the window's top that the tools and the axis cover. */
function covered(box: HTMLElement | null): number {
  const axis = box?.querySelector<HTMLElement>(".axis");
  return axis ? Number.parseFloat(getComputedStyle(axis).top) + axis.offsetHeight : 0;
}

/** Keys on a row itself, and Esc anywhere within its details. */
function onKey(event: KeyboardEvent, trace: Trace, tree: Tree, covered: number): void {
  const { target } = event;
  if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = tree.rows[tree.index];
  const onRow = target.classList.contains("row");
  if (!row) return;
  if (event.key === "Escape") {
    const inDetail = target.closest(".detail") !== null;
    if (!inDetail && !(onRow && tree.open.has(row.key))) return;
    const key = inDetail ? detailKey(target) : row.key;
    tree.actions.toggle(key);
    tree.reveal(key, { focus: true });
  } else if (!onRow) {
    return;
  } else if (event.key === "Enter" || event.key === " ") {
    if (row.type === "span") tree.actions.toggle(row.key);
    else tree.actions.fold(row.key);
  } else {
    const page = Math.max(1, Math.floor((innerHeight - covered) / rowHeight) - 1);
    const { rows, index, collapsed } = tree;
    const step = stepFor(event.key, { trace, rows, index, collapsed, page });
    if (!step) return;
    if ("to" in step) tree.reveal(tree.rows[step.to]?.key ?? "", { focus: true });
    else tree.actions.fold("expand" in step ? step.expand : step.collapse);
  }
  event.preventDefault();
  event.stopPropagation();
}

/** Returns the key of the span whose details an element is in. */
function detailKey(element: Element): string {
  return element.closest(".rows-item")?.querySelector(".row")?.id.slice("row-".length) ?? "";
}

/** The times above the bars. */
function Axis({ zoom, most }: { zoom: Zoom; most: number }) {
  return (
    <div class="axis" role="row" aria-rowindex={1}>
      <div class="axis-name" role="columnheader">Service and operation</div>
      <div class="axis-lane" role="columnheader" aria-label="Time since the start of the trace">
        {axisMarks(zoom, most).map(({ left, time }) => (
          <span key={time} class="mark" style={{ left: percent(left) }} aria-hidden="true">
            {formatDuration(time)}
          </span>
        ))}
      </div>
    </div>
  );
}
