import { useState } from "preact/hooks";
import { formatAgo, formatTime, plural } from "../model/format.ts";
import { setQuery } from "../router.ts";
import { Failure, Notice } from "../ui/Notice.tsx";
import { useTitle } from "../ui/useLoad.ts";
import type { Account } from "./account.ts";
import { Backend } from "./Backend.tsx";
import { Chart } from "./Chart.tsx";
import { Clients, columns } from "./Clients.tsx";
import { causes, lossesOf, sayLosses, type Cause, type Loss } from "./losses.ts";
import "./loss.css";
import { firstLoss, type History, type Window } from "./samples.ts";
import { useAccount } from "./useAccount.ts";

/** What was lost, of which client, where, and when: the account on /api/loss. */
export function LossView({ query }: { query: URLSearchParams }) {
  useTitle("Loss");
  const [live, setLive] = useState(true);
  const { account, history, error, absent } = useAccount(live);
  if (absent) return <Absent />;
  if (!account || !history) {
    return error ? <Failure title="Cannot load the losses" error={error} /> : <p class="muted">Loading…</p>;
  }
  const range = ranges.find(({ name }) => name === query.get("range")) ?? defaultRange;
  const window = windowOf(history, range.seconds);
  return (
    <div class="loss">
      <h1>Loss</h1>
      {error && <Failure title="The server does not respond: these are its last known counts" error={error} />}
      <Verdict account={account} history={history} />
      <div class="loss-head">
        <h2>Over time</h2>
        <label>
          Last{" "}
          <select value={range.name} onChange={(event) => setQuery({ range: event.currentTarget.value })}>
            {ranges.map(({ name, words }) => <option key={name} value={name}>{words}</option>)}
          </select>
        </label>
        <button type="button" aria-pressed={live} onClick={() => setLive(!live)}>{live ? "Pause" : "Resume"}</button>
      </div>
      <Chart samples={history.samples} window={window} />
      <h2>Clients</h2>
      <Clients account={account} history={history} window={window} />
      <Backend account={account} />
      <Legend />
    </div>
  );
}

interface Range {
  name: string;
  words: string;
  seconds: number;
}

const defaultRange: Range = { name: "10m", words: "10 minutes", seconds: 600 };

const ranges: readonly Range[] = [
  { name: "2m", words: "2 minutes", seconds: 120 },
  defaultRange,
  { name: "1h", words: "hour", seconds: 3600 },
  { name: "6h", words: "6 hours", seconds: 6 * 3600 },
  { name: "24h", words: "24 hours", seconds: 24 * 3600 },
];

const chartColumns = 120;

/** Returns the time that is looked at: until the last sample, by the server's clock. Its
 * columns begin at fixed times, so that bars do not change while they move on. */
function windowOf(history: History, seconds: number): Window {
  const width = (seconds * 1e6) / chartColumns;
  const last = history.samples.at(-1)?.at ?? Date.now() * 1000;
  const to = Math.ceil(last / width) * width;
  return { from: to - seconds * 1e6, to, columns: chartColumns };
}

function Verdict({ account, history }: { account: Account; history: History }) {
  const losses = lossesOf(account);
  const since = formatTime(account.started).slice(0, 19);
  if (losses.length === 0) {
    return (
      <section class="verdict verdict-good">
        <p class="verdict-line" role="status"><span aria-hidden="true">✓ </span>No known losses since {since}.</p>
        {account.totals.batchesBefore > 0 && <Before n={account.totals.batchesBefore} />}
        {account.spans === 0 && <p>No spans have arrived yet. <code>otdemo call --show</code> sends a trace.</p>}
      </section>
    );
  }
  return (
    <section class="verdict verdict-bad">
      <p class="verdict-line" role="status">
        <span aria-hidden="true">✕ </span>Lost since {since}: {sayLosses(losses)}.
      </p>
      <LastTimes losses={losses} history={history} />
      <ul class="loss-causes">
        {losses.map((loss) => <li key={loss.cause.count}><Explained cause={loss.cause} n={loss.n} /></li>)}
      </ul>
      {account.totals.batchesBefore > 0 && <Before n={account.totals.batchesBefore} />}
    </section>
  );
}

function Before({ n }: { n: number }) {
  return (
    <p class="muted">
      Clients numbered {plural(n, "batch", "batches")} before the first one received: sent before this backend was started,
      or lost. The backend cannot distinguish the two.
    </p>
  );
}

/** When losses began and ended, as far as samples remember. */
function LastTimes({ losses, history }: { losses: readonly Loss[]; history: History }) {
  const counts = losses.map((loss) => loss.cause.count);
  const first = firstLoss(history.samples, counts);
  const last = firstLoss([...history.samples].reverse(), counts);
  if (first === undefined || last === undefined) return null;
  const now = history.samples.at(-1)?.at ?? last;
  return (
    <p>First reported {formatTime(first).slice(11, 19)}, last {formatTime(last).slice(11, 19)} ({formatAgo(last, now)}).</p>
  );
}

function Explained({ cause, n }: { cause: Cause; n?: number }) {
  return (
    <>
      <strong>{cause.name}{n !== undefined && `: ${plural(n, ...cause.unit)}`}.</strong> {cause.words}
      <br />
      <span aria-hidden="true">→ </span>{cause.fix} {cause.line && <code>{cause.line}</code>}
      {cause.findings.length > 0 && <span class="loss-more">More: {cause.findings.map(explain)}</span>}
    </>
  );
}

function explain(finding: string) {
  return <code key={finding}>otdemo explain {finding}</code>;
}

function Legend() {
  return (
    <details class="loss-legend">
      <summary>What the numbers mean, and how to fix them</summary>
      <h3>Clients</h3>
      <dl>
        {columns.map(({ name, words }) => <div key={name}><dt>{name}</dt><dd>{words}</dd></div>)}
      </dl>
      <h3>Losses, along the path of a span</h3>
      <ul class="loss-causes">
        {causes.map((cause) => <li key={cause.count}><Explained cause={cause} /></li>)}
      </ul>
    </details>
  );
}

/** What is shown with a server that keeps no such account. */
function Absent() {
  return (
    <Notice title="This server does not report losses" kind="info">
      <p>
        Lost spans are counted by otdemo's own backend, at <code>/api/loss</code>; no other Jaeger does this. Run{" "}
        <code>otdemo check-jaeger</code> with the environment of your service: it sends a span, reads it back from this
        Jaeger, and names the first hop that is broken.
      </p>
      <p>
        <code>otdemo all-in-one</code> runs that backend.
      </p>
    </Notice>
  );
}
