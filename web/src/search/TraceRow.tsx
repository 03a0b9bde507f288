import { formatAgo, formatClock, formatDuration, formatISO, formatTime, plural } from "../model/format.ts";
import type { Look } from "../model/colors.ts";
import { brief } from "../model/text.ts";
import { Badge } from "../ui/Badge.tsx";
import { Mark } from "./Mark.tsx";
import { shortID } from "../model/place.ts";
import type { Summary } from "./summary.ts";

/** A row shows so many services; the trace shows all. */
const mostServices = 8;

interface TraceRowProps {
  summary: Summary;
  looks: ReadonlyMap<string, Look>;
  /** Of all rows: the bar's whole length, in microseconds. */
  longestDuration: number;
  /** Microseconds since 1970. */
  now: number;
  /** Whether the Tab key comes to this row; the arrow keys go to the others. */
  active: boolean;
  picked: boolean;
  onPick: (id: string) => void;
}

/** A trace in the list of results. The whole row is its link. */
export function TraceRow({ summary, looks, longestDuration, now, active, picked, onPick }: TraceRowProps) {
  const tabIndex = active ? 0 : -1;
  const name = nameOf(summary);
  return (
    <li class={`result${picked ? " result-picked" : ""}`} data-id={summary.id}>
      <input type="checkbox" class="result-pick" checked={picked} tabIndex={tabIndex}
        aria-label={`Compare ${name}, ${summary.id}`} title="Select two to compare"
        onChange={() => onPick(summary.id)} />
      <a class="result-link" href={`/trace/${summary.id}`} tabIndex={tabIndex}>
        <bdi>{brief(summary.service) || "no service"}</bdi>: <bdi>{brief(summary.operation)}</bdi>
      </a>
      <code class="result-id muted" title={summary.id}>{shortID(summary.id)}</code>
      <span class="result-duration">
        {formatDuration(summary.duration)}
        <span class="result-bar" aria-hidden="true">
          <span class="result-length" style={{ width: `${share(summary.duration, longestDuration)}%` }} />
        </span>
      </span>
      <span class="result-facts">
        <span>{plural(summary.spans, "span")}</span>
        {summary.errors > 0 && <Mark kind="error">{plural(summary.errors, "error")}</Mark>}
        {summary.orphans > 0 && (
          <Mark kind="warning" title={`The parent of ${plural(summary.orphans, "span")} is not in the trace`}>
            incomplete
          </Mark>
        )}
        {summary.warnings > 0 && <Mark kind="warning">{plural(summary.warnings, "warning")}</Mark>}
      </span>
      <Services summary={summary} looks={looks} />
      <time class="result-time muted" dateTime={formatISO(summary.start)} title={formatTime(summary.start)}>
        {clock(summary.start, now)} <span class="result-ago">{formatAgo(summary.start, now)}</span>
      </time>
    </li>
  );
}

/** Names a trace by its root. */
function nameOf({ service, operation }: Summary): string {
  return `${brief(service) || "no service"}: ${brief(operation)}`;
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.max(0.5, (100 * part) / whole) : 0;
}

/** The time of the day is enough for what happened today. */
function clock(time: number, now: number): string {
  const whole = formatTime(time);
  return whole.slice(0, 10) === formatTime(now).slice(0, 10) ? formatClock(time) : whole.slice(0, 19);
}

function Services({ summary, looks }: Pick<TraceRowProps, "summary" | "looks">) {
  const rest = summary.services.length - mostServices;
  return (
    <span class="result-services">
      {summary.services.slice(0, mostServices).map(({ name, spans, errors }) => (
        <span key={name} class="result-service"
          title={`${brief(name)}: ${plural(spans, "span")}, ${plural(errors, "error")}`}>
          <Badge service={name} look={looks.get(name)} />
          <bdi class="result-name">{brief(name) || "no service"}</bdi> {spans}
          {errors > 0 && (
            <span class="error">
              <span aria-hidden="true">✕</span>
              <span class="hidden">, with errors</span>
            </span>
          )}
        </span>
      ))}
      {rest > 0 && <span class="muted">and {plural(rest, "more service")}</span>}
    </span>
  );
}
