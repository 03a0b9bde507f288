package ledger

import (
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// Ledger is the account of a run. All numbers but those of Traces count spans of the
// run's sampled traces.
type Ledger struct {
	// Client has the span counters of the run's own tracer.
	Client tracer.Stats `json:"client"`
	// Server has those of the called service; nil when it exposes none.
	Server *Server `json:"server,omitempty"`
	// Traces counts the run's traces.
	Traces Traces `json:"traces"`
	// Spans is the account itself.
	Spans Spans `json:"spans"`
	// Hops are where spans were lost, in the order that spans pass them; a hop that
	// lost none is not listed.
	Hops []Hop `json:"hops"`
	// ServiceUnseen is a sentence for a called service of which no
	// span was found, with the possible causes. How many it made is unknown then: the
	// numbers are the client's alone. Empty when a span was found, or none is expected.
	ServiceUnseen string `json:"service_unseen,omitempty"`
	// Unanswered is the number of requests that may have reached the service and got no
	// response, unless its own counters include the spans that it made for them.
	Unanswered int64 `json:"unanswered,omitempty"`
	// Notes are whole sentences, without which the numbers would mislead.
	Notes []string `json:"notes,omitempty"`
}

// Balanced reports whether the sums agree: each span that is known to have been made
// is stored. Only NoneLost includes a called service whose spans were not found.
func (l *Ledger) Balanced() bool { return l.Spans.Missing == 0 }

// NoneLost reports whether it is proven that no span was lost.
func (l *Ledger) NoneLost() bool { return l.Balanced() && l.Unproven() == "" }

// Unproven returns why an account that balances does not prove that no span was lost:
// ServiceUnseen, that there was no span to lose, or that requests were not answered; ""
// if it proves it.
func (l *Ledger) Unproven() string {
	switch {
	case l.ServiceUnseen != "":
		return l.ServiceUnseen
	case l.Traces.Sampled == 0 && l.Spans.Made == 0:
		return "no trace was sampled, so nothing was checked"
	case l.Unanswered > 0:
		return plural.Of(l.Unanswered, "request", "requests") + " got no response, so the service may have made spans that are not counted"
	}
	return ""
}

// Server is by how much the called service's own counters increased during the run.
type Server struct {
	// URL is where the counters were read.
	URL string `json:"url"`
	// Restarted reports that the service's process ended during the run, or that
	// another one has replaced it: what it made and lost is unknown then.
	Restarted bool `json:"restarted"`
	// Finished is the number of spans it finished, States counts them by the state of
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
	// Made counts the spans that the client finished, and those that the server must
	// have made for the requests that it answered.
	Made       int64 `json:"made"`
	MadeClient int64 `json:"made_client"`
	MadeServer int64 `json:"made_server"`
	// Stored counts the spans that were read back, each once.
	Stored       int64 `json:"stored"`
	StoredClient int64 `json:"stored_client"`
	StoredServer int64 `json:"stored_server"`
	Missing      int64 `json:"missing"`
	// Orphans are stored spans whose parent is not stored.
	Orphans int64 `json:"orphans"`
	// Duplicates were stored more than once and are counted once above.
	Duplicates int64 `json:"duplicates"`
}

// Hop is a step of a span's way at which spans were lost.
type Hop struct {
	// Name is one of the names below.
	Name HopName `json:"name"`
	// Lost is the number of spans lost here.
	Lost int64 `json:"lost"`
	// Certain reports that a counter has this number; otherwise it is the rest after
	// all counters, and this is the most likely hop.
	Certain bool `json:"certain"`
	// Evidence is what was observed, a sentence each.
	Evidence []string `json:"evidence"`
}

// HopName names a step of a span's way. It is part of the JSON output.
type HopName string

// The hops, in the order that spans pass them.
const (
	ClientQueue HopName = "client queue" // dropped by our reporter
	ClientSend  HopName = "client send"  // too large, refused, failed
	ServerQueue HopName = "server queue" // the same at the called service
	ServerSend  HopName = "server send"
	ServerGone  HopName = "server gone" // its process ended before it sent them
	Network     HopName = "network"
	Backend     HopName = "backend"
	// NetworkOrBackend is used when it is unknown which of the two.
	NetworkOrBackend HopName = "network or backend"
)
