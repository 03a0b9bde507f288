import { formatBytes, formatShare, plural } from "../model/format.ts";
import type { Account, Listener } from "./account.ts";
import { Cards, Cell, Count, Lost, type Column } from "./Cards.tsx";
import { reasons } from "./losses.ts";

/** What the backend itself took in, could not read, dropped, and let go. */
export function Backend({ account }: { account: Account }) {
  return (
    <>
      <h2>Listeners</h2>
      <Listeners listeners={account.listeners} />
      <p class="muted">
        {account.socketBuffer > 0
          && `The kernel buffers up to ${formatBytes(account.socketBuffer)} of datagrams. `}
        {!account.listeners.some((l) => l.kernelDrops !== undefined)
          && "Datagrams dropped by the kernel are only known on Linux."}
      </p>
      <h2>Store</h2>
      <StoreOf account={account} />
    </>
  );
}

const columns: readonly Column[] = ["Listener", "Batches", "Spans", "Kernel drops", "Undecodable"].map((name) => ({ name }));

function Listeners({ listeners }: { listeners: readonly Listener[] }) {
  return (
    <Cards caption="Listeners, the ports that receive spans" columns={columns}>
      {listeners.map((listener) => <ListenerRow key={listener.name} listener={listener} />)}
    </Cards>
  );
}

function ListenerRow({ listener }: { listener: Listener }) {
  const { kernelDrops, undecodable, untimed } = listener;
  return (
    <tr role="row">
      <th role="rowheader" scope="row"><bdi>{listener.name}</bdi></th>
      <Count name="Batches" n={listener.batches} />
      <Count name="Spans" n={listener.spans} />
      {kernelDrops === undefined
        ? <Cell name="Kernel drops"><span class="muted">–</span></Cell>
        : <Count name="Kernel drops" n={kernelDrops} lost />}
      <Cell name="Undecodable">
        {undecodable.length === 0 && <span class="muted">0</span>}
        <ul class="loss-reasons">
          {undecodable.map(({ reason, count }) => (
            <li key={reason}><Lost n={count} /> <code><bdi>{reason}</bdi></code> {reasons[reason]}</li>
          ))}
        </ul>
        {untimed ? <p>{plural(untimed, "span")} stored without times, which did not arrive</p> : null}
      </Cell>
    </tr>
  );
}

function StoreOf({ account: { store } }: { account: Account }) {
  const share = store.maxBytes > 0 ? store.bytes / store.maxBytes : 0;
  return (
    <>
      <p>
        {plural(store.spans, "span")} in {plural(store.traces, "trace")}, using {formatBytes(store.bytes)} of{" "}
        {formatBytes(store.maxBytes)} ({formatShare(share)}).{" "}
        <meter class="loss-meter" min={0} max={1} value={share} aria-label="Store memory">{formatShare(share)}</meter>
      </p>
      <p>
        Evicted to make room: {store.evicted > 0 ? <Lost n={store.evicted} /> : 0} spans of {plural(store.evictedTraces, "trace")}.
        {" "}Over the limit of one trace: {store.refused > 0 ? <Lost n={store.refused} /> : 0} spans.
      </p>
    </>
  );
}
