import { useState } from "preact/hooks";
import * as api from "../api/client.ts";
import { formatAgo, formatDuration, formatISO, formatTime, plural } from "../model/format.ts";
import type { Trace } from "../model/trace.ts";
import { Finder } from "../search/finder.ts";
import { noTraceID, shortID, traceIDOf } from "../model/place.ts";
import type { Summary } from "../search/summary.ts";
import { brief } from "../model/text.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Failure } from "../ui/Notice.tsx";
import { useLoad, type Loaded } from "../ui/useLoad.ts";

interface SideProps {
  /** "A" or "B". */
  name: string;
  id: string;
  loaded: Loaded<Trace | undefined>;
  /** The other side's trace: others like it are offered. */
  like: Trace | undefined;
  onChoose: (id: string) => void;
}

/** One of the two traces, with the way to choose another. */
export function Side({ name, id, loaded, like, onChoose }: SideProps) {
  const [choosing, setChoosing] = useState(false);
  const { value: trace, error } = loaded;
  const choose = (next: string): void => {
    setChoosing(false);
    onChoose(next);
  };
  return (
    <section class="side" aria-label={`Trace ${name}`}>
      <h2>
        <span class="side-name">{name}</span>
        {trace
          ? <Title trace={trace} />
          : <span class="muted">{id === "" ? "no trace chosen" : <code>{id}</code>}</span>}
      </h2>
      {trace && <Facts trace={trace} />}
      {error && <Failure title={`Cannot load trace ${name}`} error={error} again={loaded.again} />}
      {id !== "" && !trace && !error && <p class="muted" role="status">Loading…</p>}
      {id !== "" && (
        <button type="button" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}>
          Choose another
        </button>
      )}
      {(choosing || id === "") && <Chooser name={name} like={like ?? trace} onChoose={choose} />}
    </section>
  );
}

function Title({ trace }: { trace: Trace }) {
  const span = trace.root?.span;
  if (!span) return <a href={`/trace/${trace.id}`}>a trace without spans</a>;
  return (
    <a href={`/trace/${trace.id}`}>
      <bdi>{brief(span.process.service) || "no service"}</bdi>: <bdi>{brief(span.operation)}</bdi>
    </a>
  );
}

function Facts({ trace }: { trace: Trace }) {
  return (
    <p class="side-facts">
      <code>{trace.id}</code> <CopyButton text={() => trace.id} what={`trace id ${trace.id}`} />
      <br />
      <time class="muted" dateTime={formatISO(trace.start)}>{formatTime(trace.start)}</time>
      <br />
      <strong>{formatDuration(trace.duration)}</strong> · {plural(trace.nodes.length, "span")} ·{" "}
      {plural(trace.services.length, "service")}
      {trace.errors > 0 && <span class="error"> · ✕ {plural(trace.errors, "error")}</span>}
    </p>
  );
}

interface ChooserProps {
  name: string;
  like: Trace | undefined;
  onChoose: (id: string) => void;
}

/** So many traces are offered. */
const offered = 20;

/** Offers traces like the other one, and accepts any id. */
function Chooser({ name, like, onChoose }: ChooserProps) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const root = like?.root?.span;
  const found = useLoad(
    async (signal) => {
      const search = root ? { service: root.process.service, operation: root.operation } : { service: "" };
      return (await new Finder({ ...search, limit: offered }, api).find(signal)).summaries;
    },
    [root?.process.service, root?.operation],
  );
  const send = (event: Event): void => {
    event.preventDefault();
    const id = traceIDOf(text);
    setWrong(id === "");
    if (id !== "") onChoose(id);
  };
  return (
    <div class="chooser">
      <form class="open-trace-line" onSubmit={send}>
        <input type="text" aria-label={`Id or link of trace ${name}`} placeholder="id, link or header"
          value={text} autocomplete="off" spellcheck={false} aria-invalid={wrong ? "true" : undefined}
          onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit">Load</button>
      </form>
      {wrong && <p class="field-note error" role="alert">✕ {noTraceID}</p>}
      <p class="muted">{root ? "Or choose one with the same operation:" : "Or choose one of the newest:"}</p>
      {found.error && <p class="error">✕ Cannot load the traces: <bdi>{found.error.message}</bdi></p>}
      <Offers list={(found.value ?? []).filter(({ id }) => id !== like?.id)} loading={found.loading}
        onChoose={onChoose} />
    </div>
  );
}

interface OffersProps {
  list: readonly Summary[];
  loading: boolean;
  onChoose: (id: string) => void;
}

function Offers({ list, loading, onChoose }: OffersProps) {
  if (list.length === 0) {
    return <p class="muted" role="status">{loading ? "Searching…" : "None found."}</p>;
  }
  const now = Date.now() * 1000;
  return (
    <ul class="offers">
      {list.map((summary) => (
        <li key={summary.id}>
          <button type="button" class="plain" onClick={() => onChoose(summary.id)}>
            <code>{shortID(summary.id)}</code> <bdi>{brief(summary.operation)}</bdi>{" "}
            <strong>{formatDuration(summary.duration)}</strong> {plural(summary.spans, "span")}
            {summary.errors > 0 && <span class="error"> ✕ {plural(summary.errors, "error")}</span>}{" "}
            <span class="muted">{formatAgo(summary.start, now)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
