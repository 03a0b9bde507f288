package ledger

import (
	"github.com/otdemo/otdemo/pkg/tracer"
)

// Ledger is a closed account. All numbers but those of Traces count spans of the
// run's sampled traces.
type Ledger struct {
	// Client are the books of the run's own tracer.
	Client tracer.Stats `json:"client"`
	// Server are those of the called service; nil when it does not tell.
	Server *Server `json:"server,omitempty"`
	// Traces counts the run's traces.
	Traces Traces `json:"traces"`
	// Spans is the account itself.
	Spans Spans `json:"spans"`
	// Hops are the places where spans were lost, in the order that spans pass
	// them; a hop that lost none is not listed.
	Hops []Hop `json:"hops"`
	// ServiceUnseen says that the called service answered and that no span of it was
	// seen, and why that may be. What it made is unknown then: the numbers are the
	// client's alone. Empty when a span was seen, or none is to be expected.
	ServiceUnseen string `json:"service_unseen,omitempty"`
	// Notes are facts without which the numbers would mislead, in whole sentences.
	Notes []string `json:"notes,omitempty"`
}

// Balanced reports whether the sums close: each span that is known to have been
// made is stored. Only with NoneLost does that hold for the called service, too.
func (l *Ledger) Balanced() bool { return l.Spans.Missing == 0 }

// NoneLost reports whether it is proven that no span was lost.
func (l *Ledger) NoneLost() bool { return l.Balanced() && l.Unproven() == "" }

// Unproven returns why an account that balances does not prove that no span was lost:
// ServiceUnseen, or that there was no span to lose; "" if it proves it.
func (l *Ledger) Unproven() string {
	if l.ServiceUnseen == "" && l.Unsampled() {
		return "no trace was sampled, so nothing was checked"
	}
	return l.ServiceUnseen
}

// Unsampled reports whether the account is of no span at all.
func (l *Ledger) Unsampled() bool { return l.Traces.Sampled == 0 && l.Spans.Made == 0 }

// Server is what the called service's own counters say of the run's time.
type Server struct {
	// URL is where the counters were read.
	URL string `json:"url"`
	// Restarted says that the process that ended the run is not the one that began
	// it, or that it was gone: what it made and lost is not known then.
	Restarted bool `json:"restarted"`
	// Spans is how many spans it finished and what became of them, by the states of
	// the metric otdemo_spans.
	Finished int64            `json:"finished"`
	States   map[string]int64 `json:"states"`
}

// Traces counts a run's traces.
type Traces struct {
	Made       int64 `json:"made"`
	SampledOut int64 `json:"sampled_out"`
	Sampled    int64 `json:"sampled"`
	// Found = Complete + Incomplete, and Sampled = Found + Missing.
	Found      int64 `json:"found"`
	Complete   int64 `json:"complete"`
	Incomplete int64 `json:"incomplete"`
	Missing    int64 `json:"missing"`
	// MissingIDs are some of the missing or incomplete ones, at most 10.
	MissingIDs []string `json:"missing_ids,omitempty"`
}

// Spans is the account: Made = Stored + Missing, and Missing is the sum of the
// hops' losses.
type Spans struct {
	// Made is what the client finished, and what the server must have made for the
	// requests that it answered.
	Made       int64 `json:"made"`
	MadeClient int64 `json:"made_client"`
	MadeServer int64 `json:"made_server"`
	// Stored is what was read back, each span once.
	Stored       int64 `json:"stored"`
	StoredClient int64 `json:"stored_client"`
	StoredServer int64 `json:"stored_server"`
	Missing      int64 `json:"missing"`
	// Orphans are stored spans whose parent is not stored.
	Orphans int64 `json:"orphans"`
	// Duplicates were stored more than once and are counted once above.
	Duplicates int64 `json:"duplicates"`
}

// Hop is a place where spans were lost.
type Hop struct {
	// Name is one of the names below.
	Name HopName `json:"name"`
	// Lost is the number of spans lost here.
	Lost int64 `json:"lost"`
	// Certain says that a counter names this number; otherwise it is what remains
	// when all counters are taken off, and this the most likely place.
	Certain bool `json:"certain"`
	// Evidence is what was seen, a sentence each.
	Evidence []string `json:"evidence"`
}

// HopName is a place on the way of a span. It is part of the JSON output.
type HopName string

// The places, in the order that spans pass them.
const (
	ClientQueue HopName = "client queue" // dropped by our reporter
	ClientSend  HopName = "client send"  // too large, refused, failed
	ServerQueue HopName = "server queue" // the same at the called service
	ServerSend  HopName = "server send"
	ServerGone  HopName = "server gone" // ended with spans that it had not sent
	Network     HopName = "network"
	Backend     HopName = "backend"
	// NetworkOrBackend is where it cannot be told which.
	NetworkOrBackend HopName = "network or backend"
)
