import { Cards, Cell, Count, type Column } from "../loss/Cards.tsx";
import type { Look } from "../model/colors.ts";
import { formatCount, formatDuration, formatShare } from "../model/format.ts";
import { callKey, errorShare, type GraphCall, type ServiceGraph } from "../model/graph.ts";
import { Badge } from "../ui/Badge.tsx";
import { searchLink, shownName } from "./link.ts";

interface CallsProps {
  graph: ServiceGraph;
  looks: ReadonlyMap<string, Look>;
  lookback: string;
}

/** The calls as a table: all that the picture shows, for those who do not see it. */
export function Calls({ graph, looks, lookback }: CallsProps) {
  const sorted = [...graph.calls].sort((a, b) => b.calls - a.calls);
  return (
    <>
      <h2>Calls</h2>
      <Cards caption="Calls between services, the most frequent first" columns={columns}>
        {sorted.map((call) => <Row key={callKey(call)} call={call} looks={looks} lookback={lookback} />)}
      </Cards>
    </>
  );
}

const columns: readonly Column[] = [
  { name: "Caller" },
  { name: "Callee" },
  { name: "Calls" },
  { name: "Errors", words: "Failed calls in the traces that were loaded" },
  { name: "Median", words: "Half of the calls were no longer, in the traces that were loaded" },
  { name: "p95", words: "95% of the calls were no longer" },
  { name: "Longest" },
];

function Row({ call, looks, lookback }: { call: GraphCall; looks: ReadonlyMap<string, Look>; lookback: string }) {
  const { latency } = call;
  const time = (n: number | undefined): string => (n === undefined ? "–" : formatDuration(n));
  return (
    <tr role="row">
      <Cell name="Caller"><Service name={call.from} looks={looks} lookback={lookback} /></Cell>
      <Cell name="Callee"><Service name={call.to} looks={looks} lookback={lookback} /></Cell>
      <Count name="Calls" n={call.calls} />
      <Cell name="Errors"><Errors call={call} lookback={lookback} /></Cell>
      <Cell name="Median">{time(latency?.p50)}</Cell>
      <Cell name="p95">{time(latency?.p95)}</Cell>
      <Cell name="Longest">{time(latency?.max)}</Cell>
    </tr>
  );
}

function Errors({ call, lookback }: { call: GraphCall; lookback: string }) {
  const share = errorShare(call);
  if (share === undefined) return <span class="muted" title="No loaded trace has these calls">–</span>;
  if (share === 0) return <span class="muted">0</span>;
  return (
    <a class="error" href={searchLink(call.to, lookback, true)} aria-label={`Search for errors in ${shownName(call.to)}`}>
      <span aria-hidden="true">✕ </span>{formatCount(call.errors)} of {formatCount(call.traced)} ({formatShare(share)})
    </a>
  );
}

function Service({ name, looks, lookback }: { name: string; looks: ReadonlyMap<string, Look>; lookback: string }) {
  return (
    <span class="graph-service">
      <Badge service={name} look={looks.get(name)} />
      <a href={searchLink(name, lookback)}><bdi>{shownName(name)}</bdi></a>
    </span>
  );
}
