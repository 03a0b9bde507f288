import type { DiffRow, TagChange } from "../model/diff.ts";
import { formatDuration, formatOffset } from "../model/format.ts";
import type { Node, Trace } from "../model/trace.ts";
import type { Tag } from "../model/types.ts";
import { brief } from "../model/text.ts";
import { Value } from "../ui/Value.tsx";

interface DiffDetailProps {
  row: DiffRow;
  a: Trace;
  b: Trace;
}

/** A pair of spans, and their differences. */
export function DiffDetail({ row, a, b }: DiffDetailProps) {
  return (
    <div class="diff-detail">
      <div class="diff-pair">
        <SpanFacts side="A" node={row.a} trace={a} />
        <SpanFacts side="B" node={row.b} trace={b} />
      </div>
      {row.a && row.b && <TagTable changes={row.tags} />}
    </div>
  );
}

function SpanFacts({ side, node, trace }: { side: string; node: Node | undefined; trace: Trace }) {
  if (!node) return <p class="muted">{side}: no such span</p>;
  const { span } = node;
  return (
    <p>
      {side}:{" "}
      <a href={`/trace/${trace.id}?span=${encodeURIComponent(span.id)}`}>span <code>{span.id}</code></a> at{" "}
      {formatOffset(span.start - trace.start)}, duration {formatDuration(span.duration)}, self time{" "}
      {formatDuration(node.selfTime)}
    </p>
  );
}

const words = { added: "only in B", removed: "only in A", changed: "changed" } as const;

function TagTable({ changes }: { changes: readonly TagChange[] }) {
  if (changes.length === 0) return <p class="muted">The tags are the same.</p>;
  return (
    <table class="diff-tags">
      <thead><tr><th>Tag</th><th>A</th><th>B</th><th><span class="hidden">Change</span></th></tr></thead>
      <tbody>
        {changes.map(({ key, kind, a, b }, n) => (
          <tr key={`${key} ${n}`}>
            <th scope="row"><bdi>{brief(key)}</bdi></th>
            <td><Side tag={a} /></td>
            <td><Side tag={b} /></td>
            <td class="muted">{words[kind]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Side({ tag }: { tag: Tag | undefined }) {
  if (!tag) return <span class="muted">–</span>;
  return (
    <>
      <Value text={String(tag.value)} /> {tag.type !== "string" && <span class="muted">{tag.type}</span>}
    </>
  );
}
