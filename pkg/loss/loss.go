// Package loss declares the account of spans that the embedded backend (otdemo
// all-in-one) keeps, as the JSON that its query port serves: Account on /api/loss,
// History on /api/loss/history. The backend, the clients that read it, the page and
// docs/loss.schema.json all follow these types. Start at Account.
package loss

import "time"

// SchemaVersion is that of Account and History: fields are added, never renamed.
const SchemaVersion = 1

// Account is a backend's account of spans: what arrived, what is stored, and every
// loss that the backend can detect. Counts are since its start.
type Account struct {
	SchemaVersion int `json:"schema_version"`
	// Started is when the backend was started. A later start means another backend,
	// which has none of the spans of the one before.
	Started time.Time `json:"started"`
	// Agent sums up the UDP ports.
	Agent Agent `json:"agent"`
	// Listeners are the ports that receive spans, by name, and those that spans were
	// sent to by mistake.
	Listeners map[string]Listener `json:"listeners"`
	// Batches and Spans came from all listeners and went to the store.
	Batches int64 `json:"batches"`
	Spans   int64 `json:"spans"`
	Store   Store `json:"store"`
	// Clients are the tracers heard from last, the latest first; Totals sum up all.
	Clients []Client `json:"clients"`
	Totals  Totals   `json:"client_totals"`
}

// Agent counts the datagrams on all UDP ports.
type Agent struct {
	UDP
	// Undecodable counts the datagrams without a batch, by reason.
	Undecodable Rejects `json:"undecodable"`
}

// UDP counts the datagrams on a UDP port.
type UDP struct {
	Datagrams int64 `json:"datagrams"`
	Bytes     int64 `json:"bytes"`
	// WaitingBytes wait in memory to be decoded.
	WaitingBytes int `json:"waiting_bytes"`
	// SocketBuffer is the receive buffer that the kernel granted, in bytes; 0 when
	// unknown.
	SocketBuffer int `json:"socket_buffer_bytes"`
	// KernelDrops are the datagrams that found the socket's buffer full. It is valid
	// only with KernelDropsKnown, which requires Linux.
	KernelDrops      int64 `json:"kernel_drops"`
	KernelDropsKnown bool  `json:"kernel_drops_known"`
	// Abandoned were read but not handled when Close ran out of time.
	Abandoned int64 `json:"abandoned"`
}

// Rejects counts what carried no batch of spans, by reason.
type Rejects map[string]int64

// Listener counts what arrived on one port.
type Listener struct {
	// Batches and Spans went to the store.
	Batches int64 `json:"batches"`
	Spans   int64 `json:"spans"`
	// Undecodable counts the datagrams, requests or packets without a batch, by
	// reason.
	Undecodable Rejects `json:"undecodable"`
	// Datagrams is nil on a port that is not UDP.
	Datagrams *UDP `json:"datagrams,omitempty"`
	// Parts is nil on a port where spans do not arrive in parts: all but Appdash's.
	Parts *Parts `json:"parts,omitempty"`
}

// Parts counts spans that arrive in parts.
type Parts struct {
	// Open spans wait for their times, and are not stored yet.
	Open int64 `json:"open"`
	// Untimed spans were stored without their times, which did not arrive. Each has
	// a warning.
	Untimed int64 `json:"untimed"`
}

// Store counts the spans in the backend's memory:
// Added = Spans + EvictedSpans + RefusedSpans.
type Store struct {
	// Traces and Spans are stored now, in Bytes of memory.
	Traces   int   `json:"traces"`
	Spans    int64 `json:"spans"`
	Bytes    int64 `json:"bytes"`
	MaxBytes int64 `json:"max_bytes"`
	// Added counts every span that arrived.
	Added int64 `json:"spans_added"`
	// EvictedTraces and EvictedSpans made room for newer ones.
	EvictedTraces int64 `json:"traces_evicted"`
	EvictedSpans  int64 `json:"spans_evicted"`
	// RefusedSpans belonged to a trace that had reached its limit.
	RefusedSpans int64 `json:"spans_refused"`
}

// Client counts the spans of one tracer, received and missing.
type Client struct {
	// ID is the tracer's process tag client-uuid.
	ID      string `json:"id"`
	Service string `json:"service"`
	// Batches and Spans were received.
	Batches int64 `json:"batches"`
	Spans   int64 `json:"spans"`
	// BatchesMissing were numbered between the first and the last batch received, and
	// were not received. A batch received twice hides one that is missing.
	BatchesMissing int64 `json:"batches_missing"`
	// BatchesBefore were numbered before the first one received: lost, or sent before
	// this backend was started.
	BatchesBefore int64 `json:"batches_before"`
	// Lost are the spans that the tracer reports to have lost.
	Lost ClientLost `json:"lost"`
}

// ClientLost counts the spans that a tracer lost before it sent them.
type ClientLost struct {
	QueueFull int64 `json:"queue_full"`
	TooLarge  int64 `json:"too_large"`
	Failed    int64 `json:"failed"`
}

// Totals are the sums over all clients since the start, also those that are no
// longer listed.
type Totals struct {
	Clients        int64      `json:"clients"`
	BatchesMissing int64      `json:"batches_missing"`
	BatchesBefore  int64      `json:"batches_before"`
	Lost           ClientLost `json:"lost"`
}

// Total returns the sum over all reasons.
func (r Rejects) Total() int64 {
	var n int64
	for _, count := range r {
		n += count
	}
	return n
}

// UndecodableTotal returns the datagrams, requests and packets without a batch, over
// all listeners.
func (a *Account) UndecodableTotal() int64 {
	var n int64
	for _, l := range a.Listeners {
		n += l.Undecodable.Total()
	}
	return n
}

// Lossless reports whether no loss is known: nothing was dropped, missing,
// undecodable, evicted or refused, and no client reports a loss of its own.
func (a *Account) Lossless() bool {
	t := a.Totals
	return a.Agent.KernelDrops == 0 && a.Agent.Abandoned == 0 && a.UndecodableTotal() == 0 &&
		a.Store.EvictedSpans == 0 && a.Store.RefusedSpans == 0 &&
		t.BatchesMissing == 0 && t.Lost == ClientLost{}
}
