import { formatCount, plural } from "../model/format.ts";
import type { Look } from "../model/colors.ts";
import type { Trace } from "../model/trace.ts";
import { Badge } from "../ui/Badge.tsx";
import { brief } from "../model/text.ts";

/** With more services than this the legend is folded at first. */
const many = 12;

interface LegendProps {
  trace: Trace;
  looks: ReadonlyMap<string, Look>;
  chosen: ReadonlySet<string>;
  /** How many spans chosen leaves out. */
  hidden: number;
  choose: (services: ReadonlySet<string>) => void;
}

/** The services with their colors; chosen ones are shown alone. */
export function Legend({ trace, looks, chosen, hidden, choose }: LegendProps) {
  const toggle = (name: string): void => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    choose(next);
  };
  return (
    <details class="legend" open={trace.services.length <= many}>
      <summary>
        {plural(trace.services.length, "service")}
        <span class="muted" role="status">
          {chosen.size > 0 && `: ${chosen.size} shown with their callers, ${plural(hidden, "span")} hidden`}
        </span>
      </summary>
      <div class="legend-list" role="group" aria-label="Show only these services">
        {trace.services.map(({ name, spans, errors }) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={chosen.has(name)}
            onClick={() => toggle(name)}
          >
            <Badge service={name} look={looks.get(name)} /> <bdi>{brief(name)}</bdi>{" "}
            <span class="muted"><span class="hidden">, spans: </span>{formatCount(spans)}</span>
            {errors > 0 && (
              <span class="error"> ✕ {formatCount(errors)}<span class="hidden"> errors</span></span>
            )}
          </button>
        ))}
        {chosen.size > 0 && <button type="button" onClick={() => choose(new Set())}>Show all</button>}
      </div>
    </details>
  );
}
