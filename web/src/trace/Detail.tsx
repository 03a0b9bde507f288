import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { spanJSON } from "../model/curl.ts";
import { formatCount, formatDuration, formatISO, formatOffset, formatTime } from "../model/format.ts";
import { sameTrace, type Node, type Trace } from "../model/trace.ts";
import type { Log, Reference } from "../model/types.ts";
import { warningsOfSpan } from "../model/warnings.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { brief } from "../model/text.ts";
import { TagTable } from "./TagTable.tsx";
import "./detail.css";

interface DetailProps {
  node: Node;
  trace: Trace;
  /** What is searched for, in lower case. */
  words: readonly string[];
  /** Makes the zoom the span's time. */
  zoomTo: (node: Node) => void;
  /** Returns a link to another span of the trace. */
  link: SpanLink;
}

/** Returns a link to a span of this trace; label stands for its id. */
export type SpanLink = (key: string, label?: ComponentChildren) => ComponentChildren;

/** All that is known of a span. */
export function Detail({ node, trace, words, zoomTo, link }: DetailProps) {
  const { span } = node;
  const warnings = warningsOfSpan(node);
  const place = `/trace/${encodeURIComponent(trace.id)}?${new URLSearchParams({ span: node.key })}`;
  return (
    <div class="detail">
      <div class="detail-head">
        <h3>
          <bdi>{brief(span.process.service)}</bdi>: <bdi>{brief(span.operation)}</bdi>
          {node.failed && <span class="error"> ✕ error</span>}
        </h3>
        <button type="button" onClick={() => zoomTo(node)}>Zoom to span</button>
        <CopyButton text={() => spanJSON(span)} what="the span as JSON" label="Copy as JSON" />
        <CopyButton text={() => location.origin + place} what="a link to the span" label="Copy link" />
      </div>
      <Facts node={node} trace={trace} link={link} />
      <Section title="Warnings" count={warnings.length}>
        <ul class="detail-list">
          {warnings.map(({ kind, level, words: said }) => (
            <li key={`${kind} ${said}`} class={level === "warning" ? "warning" : "muted"}>
              <span aria-hidden="true">{level === "warning" ? "! " : "i "}</span>
              <bdi>{brief(said, 1000)}</bdi>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Tags" count={span.tags.length}>
        <Some list={span.tags} show={(tags) => <TagTable label="Tags" tags={tags} words={words} />} />
      </Section>
      <div id={`logs-${node.key}`}>
        <Section title="Logs" count={span.logs.length}>
          <Some
            list={span.logs}
            show={(logs) => <Logs logs={logs} node={node} trace={trace} words={words} />}
          />
        </Section>
      </div>
      <Section title="References" count={span.references.length}>
        <References node={node} trace={trace} link={link} />
      </Section>
      <Section title="Process" count={span.process.tags.length} folded>
        <Some
          list={span.process.tags}
          show={(tags) => <TagTable label="Process tags" tags={tags} words={words} />}
        />
      </Section>
    </div>
  );
}

interface FactsProps {
  node: Node;
  trace: Trace;
  link: SpanLink;
}

function Facts({ node, trace, link }: FactsProps) {
  const { span } = node;
  return (
    <dl class="facts">
      <Fact name="start">
        {formatOffset(span.start - trace.start)}{" "}
        <time class="muted" dateTime={formatISO(span.start)}>{formatTime(span.start)}</time>
      </Fact>
      <Fact name="duration">{formatDuration(span.duration)}</Fact>
      <Fact name="self time">{formatDuration(node.selfTime)}</Fact>
      {node.kind !== "" && <Fact name="kind"><bdi>{brief(node.kind)}</bdi></Fact>}
      <Fact name="span id">
        <code><bdi>{brief(span.id)}</bdi></code> <CopyButton text={() => span.id} what="the span id" />
      </Fact>
      {node.parent && <Fact name="parent">{link(node.parent.key)}</Fact>}
      {node.missingParent !== "" && (
        <Fact name="parent"><code><bdi>{brief(node.missingParent)}</bdi></code>, not in the trace</Fact>
      )}
      <Fact name="children">{formatCount(node.children.length)}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

interface SectionProps {
  title: string;
  count: number;
  /** Closed at first. */
  folded?: boolean;
  children: ComponentChildren;
}

/** A part that can be folded; nothing at all when it is empty. */
function Section({ title, count, folded = false, children }: SectionProps) {
  if (count === 0) return null;
  return (
    <details class="section" open={!folded}>
      <summary>{title} <span class="muted">{formatCount(count)}</span></summary>
      {children}
    </details>
  );
}

/** What of a long list is drawn at once. */
const limit = 100;

interface SomeProps<T> {
  list: readonly T[];
  show: (list: readonly T[]) => ComponentChildren;
}

function Some<T>({ list, show }: SomeProps<T>) {
  const [all, setAll] = useState(false);
  return (
    <>
      {show(all ? list : list.slice(0, limit))}
      {list.length > limit && !all && (
        <button type="button" onClick={() => setAll(true)}>show all {formatCount(list.length)}</button>
      )}
    </>
  );
}

interface LogsProps {
  logs: readonly Log[];
  node: Node;
  trace: Trace;
  words: readonly string[];
}

function Logs({ logs, node, trace, words }: LogsProps) {
  return (
    <ol class="detail-list">
      {logs.map((log, index) => {
        const after = formatOffset(log.time - node.span.start);
        const ofTrace = formatOffset(log.time - trace.start);
        return (
          <li key={index}>
            <p class="log-time" title={formatTime(log.time)}>
              {after} <span class="muted">after the start of the span, {ofTrace} into the trace</span>
            </p>
            <TagTable label={`Log at ${after}`} tags={log.fields} words={words} />
          </li>
        );
      })}
    </ol>
  );
}

function References({ node, trace, link }: FactsProps) {
  const code = (id: string) => <code><bdi>{brief(id)}</bdi></code>;
  const describe = ({ traceID, spanID }: Reference): ComponentChildren => {
    if (!sameTrace(traceID, trace.id)) {
      const href = `/trace/${encodeURIComponent(traceID)}?${new URLSearchParams({ span: spanID })}`;
      return <>{code(spanID)} of trace <a href={href}>{code(traceID)}</a></>;
    }
    const other = trace.byID.get(spanID)?.[0];
    if (!other) return <>{code(spanID)}, not in the trace</>;
    const name = `${other.span.process.service}: ${other.span.operation}`;
    return <>{link(other.key)} <bdi class="muted">{brief(name)}</bdi></>;
  };
  return (
    <ul class="detail-list">
      {node.span.references.map((reference, index) => (
        <li key={index}>
          {reference.type === "CHILD_OF" ? "child of" : "follows from"} {describe(reference)}
        </li>
      ))}
    </ul>
  );
}
