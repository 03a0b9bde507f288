import { cutText, visible } from "../model/text.ts";

/** A name longer than this is cut: it is a stranger's, and need not be a name. */
const longest = 80;

/** Returns a service's name as it is shown, to stand in a bdi element. */
export function shownName(service: string): string {
  if (service === "") return "(no name)";
  const { text, cut } = cutText(service, longest);
  return cut ? `${visible(text)}…` : visible(text);
}

/** Returns the search that shows the spans of a service, or those that failed. */
export function searchLink(service: string, lookback: string, failed = false): string {
  const query = new URLSearchParams({ service, lookback });
  if (failed) query.set("tags", JSON.stringify({ error: "true" }));
  return `/search?${query}`;
}
