import { useMemo } from "preact/hooks";
import { trace as readTrace } from "../api/client.ts";
import { diffTraces } from "../model/diff.ts";
import { formatCount, plural } from "../model/format.ts";
import { visible } from "../model/text.ts";
import { buildTrace, type Trace } from "../model/trace.ts";
import { navigate } from "../router.ts";
import { traceIDOf } from "../model/place.ts";
import { Notice } from "../ui/Notice.tsx";
import { useLoad, useTitle, type Loaded } from "../ui/useLoad.ts";
import { DiffTable } from "./DiffTable.tsx";
import { Side } from "./Side.tsx";
import "../search/search.css";
import "./compare.css";

/** Two traces beside each other. Either id may be missing, or of any form that a log
 * has it in. */
export function CompareView(props: { a: string; b: string }) {
  const [a, b] = [cleaned(props.a), cleaned(props.b)];
  useTitle("Compare");
  const left = useTrace(a);
  const right = useTrace(b);
  const go = (nextA: string, nextB: string): void =>
    navigate(`/compare?${new URLSearchParams({ a: nextA, b: nextB })}`);
  return (
    <div class="compare">
      <h1 class="hidden">Compare two traces</h1>
      <div class="sides">
        <Side name="A" id={a} loaded={left} like={right.value} onChoose={(id) => go(id, b)} />
        <button type="button" class="swap" title="Swap A and B" aria-label="Swap A and B"
          disabled={a === "" && b === ""} onClick={() => go(b, a)}>⇄</button>
        <Side name="B" id={b} loaded={right} like={left.value} onChoose={(id) => go(a, id)} />
      </div>
      {left.value && right.value && <Comparison a={left.value} b={right.value} />}
    </div>
  );
}

/** Text that is not an id is sent to the server, which rejects it. */
function cleaned(text: string): string {
  return traceIDOf(text) || text.trim();
}

function useTrace(id: string): Loaded<Trace | undefined> {
  const loaded = useLoad(
    async (signal) => (id === "" ? undefined : { id, trace: buildTrace(await readTrace(id, signal)) }),
    [id],
  );
  // While another one loads, the last is still there: it is not the one requested.
  const trace = loaded.value?.id === id ? loaded.value.trace : undefined;
  const { value: _, ...rest } = loaded;
  return trace ? { ...rest, value: trace } : rest;
}

function Comparison({ a, b }: { a: Trace; b: Trace }) {
  const diff = useMemo(() => diffTraces(a, b), [a, b]);
  const { sums } = diff;
  if (diff.rows.length === 0) return <Notice title="Neither trace has spans" />;
  const parts = [
    `${formatCount(sums.same)} the same`,
    `${formatCount(sums.differs)} different`,
    `${formatCount(sums.onlyA)} only in A`,
    `${formatCount(sums.onlyB)} only in B`,
  ];
  return (
    <>
      <p class="sums" role="status">
        {parts.map((part) => <span key={part}>{part}</span>)}
      </p>
      <Alone names={sums.servicesOnlyA} side="A" />
      <Alone names={sums.servicesOnlyB} side="B" />
      <DiffTable diff={diff} a={a} b={b} />
    </>
  );
}

/** The services of either trace. */
function Alone({ names, side }: { names: readonly string[]; side: string }) {
  if (names.length === 0) return null;
  return (
    <p>
      {plural(names.length, "service")} only in {side}:{" "}
      {names.map((name, n) => <span key={name}>{n > 0 && ", "}<bdi>{visible(name)}</bdi></span>)}
    </p>
  );
}
