import { Component } from "preact";
import { formatCount, plural } from "../model/format.ts";
import type { Look } from "../model/colors.ts";
import type { Segment } from "../model/critical.ts";
import type { Row } from "../model/trace.ts";
import { Badge } from "../ui/Badge.tsx";
import { Bar } from "./Bar.tsx";
import { brief } from "../model/text.ts";
import type { Sight } from "./lane.ts";

/** What a row lets the reader do. The same object for all rows. */
export interface RowActions {
  /** Opens or closes the details. */
  toggle: (key: string) => void;
  /** Opens the details at the logs. */
  showLogs: (key: string) => void;
  fold: (key: string) => void;
}

/** How a row stands to what is searched for. */
export type Match = "" | "hit" | "dim";

interface SpanRowProps {
  row: Row;
  /** From 0. */
  index: number;
  look: Look | undefined;
  sight: Sight;
  segments: readonly Segment[];
  /** Whether Tab stops here. */
  current: boolean;
  open: boolean;
  collapsed: boolean;
  /** Whether rows below are there to be shown. */
  parent: boolean;
  match: Match;
  /** What is odd about the span, in words. */
  warnings: string;
  actions: RowActions;
}

/** Returns the id of a row's element. */
export function rowID(key: string): string {
  return `row-${key}`;
}

/** A row of the waterfall. It is drawn again only when something of it changed. */
export class SpanRow extends Component<SpanRowProps> {
  override shouldComponentUpdate(next: SpanRowProps): boolean {
    const last = this.props;
    return (Object.keys(next) as (keyof SpanRowProps)[]).some((key) => next[key] !== last[key]);
  }

  override render({ row, index, current, open, collapsed, parent, match, actions, ...rest }: SpanRowProps) {
    const missing = row.type === "missing" && "row-missing";
    const classes = ["row", open && "row-open", match && `row-${match}`, missing];
    return (
      <div
        id={rowID(row.key)}
        class={classes.filter(Boolean).join(" ")}
        role="row"
        aria-level={row.depth + 1}
        aria-rowindex={index + 2}
        aria-expanded={parent ? !collapsed : undefined}
        tabIndex={current ? 0 : -1}
        onClick={() => row.type === "span" && actions.toggle(row.key)}
      >
        <div class="name" role="gridcell" style={{ paddingInlineStart: indent(row.depth) }}>
          <Fold row={row} collapsed={collapsed} parent={parent} fold={actions.fold} />
          <Name row={row} look={rest.look} open={open} match={match} warnings={rest.warnings} />
        </div>
        <div role="gridcell" class="lane-cell">
          {row.type === "span" && (
            <Bar
              node={row}
              look={rest.look}
              sight={rest.sight}
              segments={rest.segments}
              stops={current}
              onTick={() => actions.showLogs(row.key)}
            />
          )}
        </div>
      </div>
    );
  }
}

/** From this depth on, rows show their level as a number, since they may stand in no
 * further than those above. */
const capped = 16;

/** A deep row keeps room for its name. */
function indent(depth: number): string {
  return `min(calc(${depth} * var(--step)), 50%)`;
}

interface FoldProps {
  row: Row;
  collapsed: boolean;
  parent: boolean;
  fold: (key: string) => void;
}

/** The control that hides the rows below, with their number. */
function Fold({ row, collapsed, parent, fold }: FoldProps) {
  if (!parent) return <span class="fold" aria-hidden="true" />;
  const words = `${collapsed ? "Show" : "Hide"} ${plural(row.descendants, "span")} below`;
  return (
    <button
      type="button"
      class="fold"
      tabIndex={-1}
      aria-label={words}
      title={words}
      onClick={(event) => {
        event.stopPropagation();
        fold(row.key);
      }}
    >
      <span aria-hidden="true">{collapsed ? "▸" : "▾"}</span>
      {collapsed && <span class="fold-count">{formatCount(row.descendants)}</span>}
    </button>
  );
}

interface NameProps {
  row: Row;
  look: Look | undefined;
  open: boolean;
  match: Match;
  warnings: string;
}

function Name({ row, look, open, match, warnings }: NameProps) {
  if (row.type === "missing") {
    return (
      <span class="warning name-text">
        <span aria-hidden="true">! </span>parent not in the trace: <code><bdi>{brief(row.id)}</bdi></code>
      </span>
    );
  }
  const { span, parent } = row;
  const service = brief(span.process.service);
  const operation = brief(span.operation);
  const changed = parent?.span.process.service !== span.process.service;
  return (
    <>
      {row.depth >= capped && (
        <span class="muted level" title={`Level ${row.depth + 1}`} aria-hidden="true">{row.depth + 1}</span>
      )}
      <Badge service={service} look={look} />
      <span class="name-text" title={`${service}: ${operation}`}>
        <bdi class={changed ? "name-service" : "hidden"}>{service}</bdi>{" "}
        {match === "hit" ? <mark><bdi>{operation}</bdi></mark> : <bdi>{operation}</bdi>}
      </span>
      {row.links.length > 0 && (
        <span class="muted" title={plural(row.links.length, "more reference")}>↗{row.links.length}</span>
      )}
      {warnings !== "" && (
        <span class="warning" title={warnings}>
          <span aria-hidden="true">!</span><span class="hidden">warning: {warnings}</span>
        </span>
      )}
      {row.failed && (
        <span class="error row-error">
          <span aria-hidden="true">✕ </span>
          <span class="row-error-word">error</span>
        </span>
      )}
      {open && <span class="hidden">, details open</span>}
    </>
  );
}
