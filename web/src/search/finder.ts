import { ApiError, type TraceQuery, type Traces } from "../api/client.ts";
import { differs, newest } from "./results.ts";
import { summarize, type Summary } from "./summary.ts";

/** A search that can be asked: service "" means all. */
export type Search = Omit<TraceQuery, "limit"> & { limit: number };

/** The API that a finder uses: api/client.ts, or another in a test. */
export interface Api {
  services(signal?: AbortSignal): Promise<string[]>;
  findTraces(query: TraceQuery, signal?: AbortSignal): Promise<Traces>;
  recentTraces(limit: number, signal?: AbortSignal): Promise<Traces>;
}

/** What a search found. */
export interface Found {
  summaries: Summary[];
  /** Notes beside the result: the server's warnings, services left out. */
  notes: string[];
}

/** So many services are asked when none is named: Jaeger's API wants one. */
export const maxServices = 50;

/** So many requests are under way at once; a browser allows six to a server. */
const atOnce = 4;

/** A refresh looks back so far behind the newest start: spans of one trace come
 * in one after the other. In microseconds. */
const overlap = 10_000_000;

/** Every so many refreshes load all, since clocks that run behind the newest start are
 * missed by those between. */
const fullEvery = 15;

/** Finds traces, and what came since. */
export class Finder {
  readonly #api: Api;
  readonly #search: Search;
  #services: readonly string[] = [];
  #recent: boolean;
  #turn = 0;

  constructor(search: Search, api: Api) {
    this.#api = api;
    this.#search = search;
    this.#recent = isOpen(search);
  }

  /** Returns all that the search finds, the newest first. */
  async find(signal?: AbortSignal): Promise<Found> {
    if (this.#recent) {
      const found = await this.#askRecent(this.#search.limit, signal);
      if (found) return { ...found, summaries: newest(found.summaries, this.#search.limit) };
    }
    if (this.#search.service !== "") return this.#ask([this.#search.service], this.#search, signal);
    this.#services = await this.#api.services(signal);
    return this.#ask(this.#services, this.#search, signal);
  }

  /**
   * Returns what is new to known: as little as can be asked for. now is microseconds
   * since 1970.
   */
  async since(known: ReadonlyMap<string, Summary>, now: number, signal?: AbortSignal): Promise<Found> {
    this.#turn++;
    if (this.#recent) return this.#recentSince(known, signal);
    if (known.size === 0 || this.#turn % fullEvery === 0) return this.find(signal);
    let last = -Infinity;
    for (const { start } of known.values()) last = Math.max(last, start);
    // A clock that is ahead must not hide what the others send.
    const start = Math.max(Math.min(last, now) - overlap, this.#search.start ?? 0);
    const services = this.#search.service === "" ? this.#services : [this.#search.service];
    return this.#ask(services, { ...this.#search, start }, signal);
  }

  /** Goes down the traces that got a span last, until one that is known as it is. */
  async #recentSince(known: ReadonlyMap<string, Summary>, signal?: AbortSignal): Promise<Found> {
    const { limit } = this.#search;
    for (let count = 1; ; count = Math.min(count * 8, limit)) {
      const found = await this.#askRecent(count, signal);
      if (!found) return this.find(signal);
      const last = found.summaries.at(-1);
      const old = last && known.get(last.id);
      const whole = found.summaries.length < count || count >= limit;
      if (whole || !last || (old && !differs(old, last))) return found;
    }
  }

  /** Returns nothing when the server is not otdemo's; it is not asked again. */
  async #askRecent(limit: number, signal?: AbortSignal): Promise<Found | undefined> {
    try {
      return foundIn([await this.#api.recentTraces(limit, signal)]);
    } catch (cause) {
      // Jaeger responds to unknown paths with its own page and status 200.
      if (!(cause instanceof ApiError) || ![200, 404].includes(cause.status)) throw cause;
      this.#recent = false;
      return undefined;
    }
  }

  /** Searches each service; if only some fail, the others' traces count. */
  async #ask(services: readonly string[], search: Search, signal?: AbortSignal): Promise<Found> {
    const asked = services.slice(0, maxServices);
    const failed: { service: string; cause: unknown }[] = [];
    const found: Found[] = [];
    await inTurn(asked, atOnce, async (service) => {
      try {
        found.push(foundIn([await this.#api.findTraces({ ...search, service }, signal)]));
      } catch (cause) {
        if (signal?.aborted) throw cause;
        failed.push({ service, cause });
      }
    });
    const [first] = failed;
    if (first && failed.length === asked.length) throw first.cause;
    const notes = new Set(found.flatMap((each) => each.notes));
    for (const { service, cause } of failed) {
      const words = cause instanceof Error ? cause.message : String(cause);
      notes.add(`Cannot load traces of ${service}: ${words}`);
    }
    if (services.length > asked.length) {
      notes.add(`${asked.length} of ${services.length} services were searched: choose one to search it alone`);
    }
    return { summaries: newest(found.flatMap((each) => each.summaries), search.limit), notes: [...notes] };
  }
}

/** Reports whether the search is for any trace. */
function isOpen(search: Search): boolean {
  const { limit: _, service, tags = {}, ...conditions } = search;
  return service === "" && Object.keys(tags).length === 0 &&
    Object.values(conditions).every((value) => value === undefined || value === "");
}

function foundIn(answers: readonly Traces[]): Found {
  return {
    summaries: answers.flatMap(({ traces }) => traces.map(summarize)),
    notes: answers.flatMap(({ warnings }) => warnings),
  };
}

/** Does the work for each item, so many at once. */
async function inTurn<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
