import type { Summary } from "./summary.ts";

/** Makes a summary for a test. */
export function sample(id: string, part: Partial<Summary> = {}): Summary {
  return {
    id, service: "web", operation: "GET", start: 1000, duration: 100, spans: 1, errors: 0,
    services: [], orphans: 0, warnings: 0, ...part,
  };
}
