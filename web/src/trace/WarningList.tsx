import { plural } from "../model/format.ts";
import type { Warning } from "../model/warnings.ts";
import { brief } from "../model/text.ts";
import type { SpanLink } from "./Detail.tsx";

/** How many warnings are listed; the rows show every one. */
const limit = 50;

/** What is odd about the trace, with links to the spans. */
export function WarningList({ warnings, link }: { warnings: readonly Warning[]; link: SpanLink }) {
  const found = warnings.filter((warning) => warning.level === "warning");
  if (found.length === 0) return null;
  return (
    <details class="warnings" open={found.length <= 3}>
      <summary>
        <span class="warning"><span aria-hidden="true">! </span>{plural(found.length, "warning")}</span>{" "}
        <span class="muted">{kindsOf(found)}</span>
      </summary>
      <ul>
        {found.slice(0, limit).map(({ kind, words, node }) => (
          <li key={`${kind} ${node?.key ?? ""} ${words}`}>
            {node && <>{link(node.key, brief(`${node.span.process.service}: ${node.span.operation}`))} </>}
            <bdi>{brief(words, 1000)}</bdi>
          </li>
        ))}
        {found.length > limit && (
          <li class="muted">and {plural(found.length - limit, "more", "more")}, shown at their spans</li>
        )}
      </ul>
    </details>
  );
}

/** Returns "3 orphan, 1 clock-skew". */
function kindsOf(warnings: readonly Warning[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of warnings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, n]) => `${n} ${kind.replaceAll("-", " ")}`).join(", ");
}
