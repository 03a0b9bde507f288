// Written by "go test ./pkg/loss -update" from the Go types, which docs/loss.schema.json
// describes: the answers of /api/loss and /api/loss/history.

export interface Account {
  schema_version: number;
  started: string;
  agent: Agent;
  listeners: Record<string, Listener>;
  batches: number;
  spans: number;
  store: Store;
  clients: Client[];
  client_totals: Totals;
}

export interface Agent extends UDP {
  undecodable: Rejects;
}

export interface UDP {
  datagrams: number;
  bytes: number;
  waiting_bytes: number;
  socket_buffer_bytes: number;
  kernel_drops: number;
  kernel_drops_known: boolean;
  abandoned: number;
}

export type Rejects = Record<string, number>;

export interface Listener {
  batches: number;
  spans: number;
  undecodable: Rejects;
  datagrams?: UDP;
  parts?: Parts;
}

export interface Parts {
  open: number;
  untimed: number;
}

export interface Store {
  traces: number;
  spans: number;
  bytes: number;
  max_bytes: number;
  spans_added: number;
  traces_evicted: number;
  spans_evicted: number;
  spans_refused: number;
}

export interface Client {
  id: string;
  service: string;
  batches: number;
  spans: number;
  batches_missing: number;
  batches_before: number;
  lost: ClientLost;
}

export interface ClientLost {
  queue_full: number;
  too_large: number;
  failed: number;
}

export interface Totals {
  clients: number;
  batches_missing: number;
  batches_before: number;
  lost: ClientLost;
}

export interface History {
  schema_version: number;
  started: string;
  clients: SampledClient[];
  samples: Sample[];
}

export interface SampledClient {
  id: string;
  service: string;
  last_heard: number;
}

export interface Sample extends Tally {
  at: number;
  micros: number;
  listeners?: Record<string, Tally>;
  clients?: ClientTally[];
  others?: Tally;
}

export interface Tally {
  batches?: number;
  spans?: number;
  batches_missing?: number;
  queue_full?: number;
  too_large?: number;
  failed?: number;
  undecodable?: number;
  kernel_drops?: number;
  spans_evicted?: number;
  spans_refused?: number;
}

export interface ClientTally extends Tally {
  client: number;
}
