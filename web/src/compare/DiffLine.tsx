import { lookClass, type Look } from "../model/colors.ts";
import type { DiffRow } from "../model/diff.ts";
import { formatDuration, formatRatio, plural } from "../model/format.ts";
import type { Node, Trace } from "../model/trace.ts";
import { brief } from "../model/text.ts";
import { Badge } from "../ui/Badge.tsx";
import { placeOf } from "./shown.ts";

interface DiffLineProps {
  row: DiffRow;
  index: number;
  a: Trace;
  b: Trace;
  /** The duration of the longer trace: the scale of all bars. */
  whole: number;
  looks: ReadonlyMap<string, Look>;
  /** Whether the Tab key comes to this row. */
  active: boolean;
  collapsed: boolean;
  onToggle: (key: string) => void;
  onDetails: (key: string) => void;
}

/** A pair of spans, or one that has no match. */
export function DiffLine(props: DiffLineProps) {
  const { row, a, b, whole, looks } = props;
  const span = (row.a ?? row.b)?.span;
  if (!span) return null;
  const look = looks.get(span.process.service);
  return (
    <div class={`diff-line diff-${row.state}`} role="row" data-index={props.index}
      tabIndex={props.active ? 0 : -1} aria-rowindex={props.index + 2} aria-level={row.depth + 1}
      aria-expanded={row.descendants > 0 ? !props.collapsed : undefined}
      onClick={(event) => {
        event.currentTarget.focus({ preventScroll: true });
        props.onDetails(row.key);
      }}>
      <span class="diff-name" role="rowheader" style={{ paddingInlineStart: `${indent(row.depth)}px` }}>
        <Toggle {...props} />
        <Badge service={span.process.service} look={look} />
        <span class="diff-words">
          <bdi>{brief(span.process.service)}</bdi> <bdi class="diff-operation">{brief(span.operation)}</bdi>
        </span>
      </span>
      <Bar node={row.a} trace={a} whole={whole} look={look} side="A" />
      <Bar node={row.b} trace={b} whole={whole} look={look} side="B" />
      <span class="diff-change" role="gridcell"><Change row={row} /></span>
    </div>
  );
}

/** A deep tree must leave room for the names. */
function indent(depth: number): number {
  return Math.min(depth, 20) * 14;
}

function Toggle({ row, collapsed, onToggle }: DiffLineProps) {
  if (row.descendants === 0) return <span class="diff-toggle" />;
  const words = `${collapsed ? "Expand" : "Collapse"} ${plural(row.descendants, "row")}`;
  return (
    <button type="button" class="plain diff-toggle" tabIndex={-1} aria-label={words} title={words}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(row.key);
      }}>{collapsed ? "▸" : "▾"}</button>
  );
}

interface BarProps {
  node: Node | undefined;
  trace: Trace;
  whole: number;
  look: Look | undefined;
  side: string;
}

function Bar({ node, trace, whole, look, side }: BarProps) {
  if (!node) return <span class="diff-cell diff-none muted" role="gridcell">not in {side}</span>;
  const { start, duration } = node.span;
  const { left, width } = placeOf(start - trace.start, duration, whole);
  return (
    <span class="diff-cell" role="gridcell">
      <span class="diff-side muted" aria-hidden="true">{side}</span>
      <span class="diff-track" aria-hidden="true">
        <span class={`diff-length ${look ? lookClass(look) : ""}`}
          style={{ insetInlineStart: `${left}%`, width: `${width}%` }} />
      </span>
      <span class="diff-duration">
        {node.failed && <span class="error" title="error">✕<span class="hidden"> error </span></span>}
        {formatDuration(duration)}
      </span>
    </span>
  );
}

/** Shows in words and signs how the two differ. */
function Change({ row }: { row: DiffRow }) {
  if (row.state === "only-a") return <span class="tell tell-a">only A</span>;
  if (row.state === "only-b") return <span class="tell tell-b">only B</span>;
  const tags = row.tags.length;
  return (
    <>
      {row.ratio !== undefined && row.ratio !== 1 && (
        <span class={row.slower ? "tell tell-slower" : row.faster ? "tell tell-faster" : "muted"}>
          {row.slower && "slower "}{row.faster && "faster "}{formatRatio(row.ratio)}
        </span>
      )}
      {row.error && <span class="tell tell-slower">✕ {row.b?.failed ? "fails in B" : "fails in A"}</span>}
      {tags > 0 && <span class="tell">{plural(tags, "tag")}</span>}
    </>
  );
}
