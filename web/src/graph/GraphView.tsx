import { useMemo } from "preact/hooks";
import { looksOf } from "../model/colors.ts";
import { plural } from "../model/format.ts";
import { setQuery } from "../router.ts";
import { Failure, Notice } from "../ui/Notice.tsx";
import { useLoad, useTitle } from "../ui/useLoad.ts";
import { Calls } from "./Calls.tsx";
import { Canvas } from "./Canvas.tsx";
import "./graph.css";
import { loadGraph, type Loaded } from "./load.ts";

/** Which services call which: how often, how many calls fail, and their latency. */
export function GraphView({ query }: { query: URLSearchParams }) {
  useTitle("Services");
  const range = ranges.find(({ name }) => name === query.get("lookback")) ?? defaultRange;
  const { value, error, loading, again } = useLoad(
    (signal) => loadGraph(Date.now(), range.hours * 3_600_000, signal),
    [range.name],
  );
  return (
    <div class="graph">
      <h1>Services</h1>
      <form class="graph-head" onSubmit={(event) => event.preventDefault()}>
        <label>
          Last{" "}
          <select value={range.name} onChange={(event) => setQuery({ lookback: event.currentTarget.value }, { push: true })}>
            {ranges.map(({ name, words }) => <option key={name} value={name}>{words}</option>)}
          </select>
        </label>
        <button type="button" onClick={again} disabled={loading}>{loading ? "Loading…" : "Reload"}</button>
        <span class="muted" role="status">{value && value.graph.services.length > 0 && summary(value)}</span>
      </form>
      {error && <Failure title="Cannot load the calls between services" error={error} again={again} />}
      {value && <Found loaded={value} lookback={range.name} />}
    </div>
  );
}

interface Range {
  /** As Jaeger UI writes a lookback. */
  name: string;
  words: string;
  hours: number;
}

const defaultRange: Range = { name: "24h", words: "24 hours", hours: 24 };

const ranges: readonly Range[] = [
  { name: "1h", words: "hour", hours: 1 },
  { name: "6h", words: "6 hours", hours: 6 },
  defaultRange,
  { name: "7d", words: "7 days", hours: 7 * 24 },
  { name: "30d", words: "30 days", hours: 30 * 24 },
];

function summary({ graph, traces }: Loaded): string {
  const { services, calls } = graph;
  return `${plural(services.length, "service")}, ${plural(calls.length, "pair")} of caller and callee; `
    + `errors and durations are from the newest ${plural(traces, "trace")}`;
}

/** More than these cannot be distinguished in a picture; the table has all. */
const mostDrawn = 100;

function Found({ loaded, lookback }: { loaded: Loaded; lookback: string }) {
  const { graph, warnings } = loaded;
  const looks = useMemo(() => looksOf(graph.services.map(({ name }) => name)), [graph]);
  return (
    <>
      {warnings.map((words) => <p key={words} class="graph-warning"><span aria-hidden="true">! </span>{words}</p>)}
      {graph.services.length === 0 && <Nothing />}
      {graph.services.length > mostDrawn && (
        <p class="muted">{plural(graph.services.length, "service")} are too many to draw; the table lists them all.</p>
      )}
      {graph.services.length > 0 && graph.services.length <= mostDrawn && (
        <Canvas graph={graph} looks={looks} lookback={lookback} />
      )}
      {graph.calls.length > 0 && <Calls graph={graph} looks={looks} lookback={lookback} />}
      {graph.services.length > 0 && graph.calls.length === 0 && (
        <p>
          No trace in this range has a call between services. Calls appear when both services send their spans here and pass
          on the trace header: <code>otdemo check-jaeger --through URL</code> checks that.
        </p>
      )}
    </>
  );
}

function Nothing() {
  return (
    <Notice title="No spans in this range">
      <p>
        Choose a longer range, or send a trace: <code>otdemo call --show</code>. If you expect spans here,{" "}
        <a href="/loss">see what was lost</a>, or run <code>otdemo check-jaeger</code>.
      </p>
      <p>
        With Elasticsearch or Cassandra, Jaeger has these calls only if its dependencies job runs.
      </p>
    </Notice>
  );
}

