package loss

import (
	"math"
	"time"
)

// History is the account over time. Times are microseconds since 1970 but Started.
type History struct {
	SchemaVersion int `json:"schema_version"`
	// Started is when the backend was started.
	Started time.Time `json:"started"`
	// Clients are those heard from last, 50 at most.
	Clients []SampledClient `json:"clients"`
	// Samples follow each other: one a second for the last 10 minutes, and before
	// these one a minute for a day.
	Samples []Sample `json:"samples"`
}

// SampledClient is a client that samples list by itself.
type SampledClient struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	// LastHeard is when the sample ended in which its last batch arrived.
	LastHeard int64 `json:"last_heard"`
}

// Sample is what was counted in the time that ends at At.
type Sample struct {
	At int64 `json:"at"`
	// Micros is the length of that time, and 0 if the clock was set back. It exceeds a
	// second when the process was stopped, and in samples that were joined.
	Micros int64 `json:"micros"`
	Tally
	// Listeners has those, by name, that counted something.
	Listeners map[string]Tally `json:"listeners,omitempty"`
	// Clients has those that counted something.
	Clients []ClientTally `json:"clients,omitempty"`
	// Others sums up the clients that are not listed; nil when there was nothing.
	Others *Tally `json:"others,omitempty"`
}

// ClientTally is what was counted of one client.
type ClientTally struct {
	// Client is its index in History.Clients.
	Client int `json:"client"`
	Tally
}

// Tally is what was counted within a sample: of everything, of a listener, or of a
// client. Fields that are 0 are left out of the JSON.
type Tally struct {
	// Batches and Spans arrived.
	Batches int64 `json:"batches,omitempty"`
	Spans   int64 `json:"spans,omitempty"`
	// BatchesMissing are new gaps in the numbers of a client's batches; below 0 when
	// more arrived late than were missed.
	BatchesMissing int64 `json:"batches_missing,omitempty"`
	// QueueFull, TooLarge and Failed are spans that clients report to have lost.
	QueueFull int64 `json:"queue_full,omitempty"`
	TooLarge  int64 `json:"too_large,omitempty"`
	Failed    int64 `json:"failed,omitempty"`
	// Undecodable and KernelDrops are those of listeners.
	Undecodable int64 `json:"undecodable,omitempty"`
	KernelDrops int64 `json:"kernel_drops,omitempty"`
	// SpansEvicted and SpansRefused are the store's, in the sum of everything only.
	SpansEvicted int64 `json:"spans_evicted,omitempty"`
	SpansRefused int64 `json:"spans_refused,omitempty"`
}

// each returns the results of do for each count of t and the same one of u.
func (t *Tally) each(u *Tally, do func(a, b int64) int64) Tally {
	return Tally{
		Batches:        do(t.Batches, u.Batches),
		Spans:          do(t.Spans, u.Spans),
		BatchesMissing: do(t.BatchesMissing, u.BatchesMissing),
		QueueFull:      do(t.QueueFull, u.QueueFull),
		TooLarge:       do(t.TooLarge, u.TooLarge),
		Failed:         do(t.Failed, u.Failed),
		Undecodable:    do(t.Undecodable, u.Undecodable),
		KernelDrops:    do(t.KernelDrops, u.KernelDrops),
		SpansEvicted:   do(t.SpansEvicted, u.SpansEvicted),
		SpansRefused:   do(t.SpansRefused, u.SpansRefused),
	}
}

// Plus returns the sums of all counts, which do not wrap around.
func (t Tally) Plus(u Tally) Tally { return t.each(&u, Saturate) }

// Minus returns the differences of all counts, which do not wrap around.
func (t Tally) Minus(u Tally) Tally {
	return t.each(&u, func(a, b int64) int64 { return Saturate(a, -max(b, -math.MaxInt64)) })
}

// Since returns the growth of a client's account. One that has fewer batches than
// then is a new account: the client had been dropped from the list meanwhile.
func (t Tally) Since(then Tally) Tally {
	if t.Batches < then.Batches {
		return t
	}
	return t.Minus(then)
}

// Saturate adds what clients claim without wrapping around. The smallest number is
// never a result, so that each has a negative.
func Saturate(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < -math.MaxInt64-b:
		return -math.MaxInt64
	default:
		return a + b
	}
}
