import { useState } from "preact/hooks";
import { shownName } from "../graph/link.ts";
import { looksOf, type Look } from "../model/colors.ts";
import { formatAgo, plural } from "../model/format.ts";
import { cutText, visible } from "../model/text.ts";
import { Badge } from "../ui/Badge.tsx";
import { clientLost, type Account, type Client } from "./account.ts";
import { Cards, Cell, Count, type Column } from "./Cards.tsx";
import { bars } from "./Chart.tsx";
import { spread, type History, type Sample, type Tally, type Window } from "./samples.ts";

interface ClientsProps {
  account: Account;
  history: History;
  window: Window;
}

/** Rows shown before the rest is asked for. */
const fewClients = 50;

/** What each tracer sent, what of it arrived, and what was lost on which way. */
export function Clients({ account, history, window }: ClientsProps) {
  const [all, setAll] = useState(false);
  const { clients, totals } = account;
  if (clients.length === 0) {
    return (
      <p class="muted">
        No clients to list: only tracers that send the process tag <code>client-uuid</code>, such as
        jaeger-client-go, are counted one by one. The listeners below count all spans.
      </p>
    );
  }
  const sorted = [...clients].sort(lossyFirst);
  const looks = looksOf(clients.map((client) => client.service));
  const shown = all ? sorted : sorted.slice(0, fewClients);
  return (
    <>
      <Cards caption="Clients, those with losses first" columns={columns}>
        {shown.map((client) => (
          <Row key={client.id} client={client} look={looks.get(client.service)} history={history} window={window} />
        ))}
      </Cards>
      {shown.length < sorted.length && (
        <p><button type="button" onClick={() => setAll(true)}>Show all {plural(sorted.length, "client")}</button></p>
      )}
      {totals.clients > clients.length && (
        <p class="muted">
          {plural(totals.clients - clients.length, "earlier client")} are counted in the sums only.
        </p>
      )}
    </>
  );
}

function lossyFirst(a: Client, b: Client): number {
  const [x, y] = [Number(clientLost(a)), Number(clientLost(b))];
  if (x !== y) return y - x;
  return a.service === b.service ? (a.id < b.id ? -1 : 1) : a.service < b.service ? -1 : 1;
}

/** The columns, and what they mean: as a tooltip, and in the legend. */
export const columns: readonly Required<Column>[] = [
  { name: "Service", words: "The client's service, and its id (client-uuid), which changes with every start." },
  { name: "Sent", words: "Batches that the client sent, by their numbers: arrived and missing. Only batches over UDP are numbered; "
    + "over HTTP this is the number that arrived." },
  { name: "Arrived", words: "Batches that arrived here." },
  { name: "Missing", words: "Batches numbered between the first and the last one received, and not received." },
  { name: "Before", words: "Batches numbered before the first one received: lost, or sent before this backend was started." },
  { name: "Spans", words: "Spans that arrived here." },
  { name: "Queue full", words: "Spans that the client reports as dropped because its queue was full." },
  { name: "Too large", words: "Spans that the client reports as too large for one packet." },
  { name: "Failed", words: "Spans that the client reports as not sent." },
  { name: "Last seen", words: "When its last batch arrived." },
  { name: "Over time", words: "Spans that arrived; red marks below show losses." },
];

interface RowProps {
  client: Client;
  look: Look | undefined;
  history: History;
  window: Window;
}

function Row({ client, look, history, window }: RowProps) {
  const heard = history.heard.get(client.id);
  const now = history.samples.at(-1)?.at ?? window.to;
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="loss-client">
        <Badge service={client.service} look={look} />
        <a href={`/search?${new URLSearchParams({ service: client.service })}`}><bdi>{shownName(client.service)}</bdi></a>
        <code class="muted" title="client-uuid"><bdi>{short(client.id)}</bdi></code>
      </th>
      <Count name="Sent" n={client.batches + client.batchesMissing} />
      <Count name="Arrived" n={client.batches} />
      <Count name="Missing" n={client.batchesMissing} lost />
      <Count name="Before" n={client.batchesBefore} />
      <Count name="Spans" n={client.spans} />
      <Count name="Queue full" n={client.queueFull} lost />
      <Count name="Too large" n={client.tooLarge} lost />
      <Count name="Failed" n={client.failed} lost />
      <Cell name="Last seen">{heard ? formatAgo(heard, now) : "–"}</Cell>
      <Cell name="Over time"><Sparkline id={client.id} samples={history.samples} window={window} /></Cell>
    </tr>
  );
}

/** Cuts an id that is longer than a UUID: anyone can make up any. */
function short(id: string): string {
  const { text, cut } = cutText(id, 36);
  return cut ? `${visible(text)}…` : visible(text);
}

/** Columns of a sparkline. */
const few = 40;

function Sparkline({ id, samples, window }: { id: string; samples: readonly Sample[]; window: Window }) {
  const narrow = { ...window, columns: few };
  const spans = spread(samples, narrow, (sample) => sample.clients.get(id)?.spans ?? 0);
  const lost = spread(samples, narrow, (sample) => lostOf(sample.clients.get(id)));
  const words = `${plural(sumOf(spans), "span")} arrived in this range${sumOf(lost) > 0 ? ", with losses" : ""}`;
  return (
    <svg class="sparkline" viewBox={`0 0 ${few} 130`} preserveAspectRatio="none" role="img" aria-label={words}>
      <title>{words}</title>
      <path d={bars(spans, Math.max(...spans))} />
      <path class="sparkline-lost" d={lost.map((n, i) => (n > 0 ? `M${i} 105h1v25h-1z` : "")).join("")} />
    </svg>
  );
}

function lostOf(tally: Tally | undefined): number {
  return tally ? Math.max(0, tally.missing + tally.queueFull + tally.tooLarge + tally.failed) : 0;
}

function sumOf(columns: readonly number[]): number {
  return columns.reduce((a, b) => a + b, 0);
}
