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
  { name: "Called" },
  { name: "Calls" },
  { name: "Errors", words: "Of the calls in the traces that were read" },
  { name: "Median", words: "How long the called service took, in the traces that were read" },
  { name: "95 %", words: "95 % took no longer" },
  { name: "Longest" },
];

function Row({ call, looks, lookback }: { call: GraphCall; looks: ReadonlyMap<string, Look>; lookback: string }) {
  const { latency } = call;
  const time = (n: number | undefined): string => (n === undefined ? "–" : formatDuration(n));
  return (
    <tr role="row">
      <Cell name="Caller"><Service name={call.from} looks={looks} lookback={lookback} /></Cell>
      <Cell name="Called"><Service name={call.to} looks={looks} lookback={lookback} /></Cell>
      <Count name="Calls" n={call.calls} />
      <Cell name="Errors"><Errors call={call} lookback={lookback} /></Cell>
      <Cell name="Median">{time(latency?.p50)}</Cell>
      <Cell name="95 %">{time(latency?.p95)}</Cell>
      <Cell name="Longest">{time(latency?.max)}</Cell>
    </tr>
  );
}

function Errors({ call, lookback }: { call: GraphCall; lookback: string }) {
  const share = errorShare(call);
  if (share === undefined) return <span class="muted" title="No trace of these calls was read">–</span>;
  if (share === 0) return <span class="muted">0</span>;
  return (
    <a class="error" href={searchLink(call.to, lookback, true)} aria-label={`Search for errors of ${shownName(call.to)}`}>
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
