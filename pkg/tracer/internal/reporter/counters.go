package reporter

import (
	"fmt"
	"sync/atomic"

	"github.com/uber/jaeger-client-go"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/plural"
)

// Stats are what became of a tracer's spans. All numbers but
// Refusals count spans, since New. Whenever no span is on the move,
//
//	Finished == Queued + Dropped + TooLarge + Refused + Failed + Sent + AfterClose
//
// holds exactly; in between it may be off by the spans that are changing place.
// After Close, Queued and Retrying are 0.
type Stats struct {
	// Started is the number of spans started, sampled or not.
	Started int64 `json:"started"`
	// Sampled is how many of Started were sampled when they started.
	Sampled int64 `json:"sampled"`
	// NotSampled is how many of Started were not; they are not reported.
	NotSampled int64 `json:"not_sampled"`
	// Finished is the number of sampled spans that were finished and so handed
	// to the reporter.
	Finished int64 `json:"finished"`
	// Queued spans are on their way: in the queue, in the current batch, in a
	// datagram that may yet be refused, or kept until the agent's name resolves.
	Queued int64 `json:"queued"`
	// Dropped spans found the queue full.
	Dropped int64 `json:"dropped"`
	// TooLarge spans did not fit a datagram, a request or a packet, each for itself.
	TooLarge int64 `json:"too_large"`
	// Refused spans were in a datagram that the network reported undeliverable,
	// mostly because nothing listens on the agent's port, or wait behind such a
	// one, and have not been delivered since. Only the UDP transport has them.
	Refused int64 `json:"refused"`
	// Retrying is how many of Refused are kept and go out again when the port
	// is back.
	Retrying int64 `json:"retrying"`
	// Failed spans were given up for any other error, or at Close's deadline.
	Failed int64 `json:"failed"`
	// Sent spans were accepted by the collector (HTTP 202, 200 of OTLP, gRPC's OK,
	// the end of the connection from Appdash), or written to the agent and not
	// reported undeliverable. Over UDP only a read-back proves that they arrived; a
	// refusal that comes very late moves spans from Sent to Refused.
	Sent int64 `json:"sent"`
	// AfterClose spans were finished when the tracer was closed already.
	AfterClose int64 `json:"after_close"`
	// Refusals counts datagrams reported undeliverable, repeated ones again.
	Refusals int64 `json:"refusals"`
	// Blocked is how many of Finished had to wait for room in the queue, which
	// they only do with Options.Block.
	Blocked int64 `json:"blocked"`
}

// Lost returns the number of spans that will not arrive any more.
func (s Stats) Lost() int64 {
	return s.Dropped + s.TooLarge + s.Refused - s.Retrying + s.Failed + s.AfterClose
}

// State is what became of a finished span that has left the queue.
type State int

// The states. Only a late refusal moves spans from a final one, Sent.
const (
	InFlight State = iota // in the transport, not settled
	Retrying              // refused and kept

	// These are final.

	Sent
	dropped
	TooLarge
	Refused
	Failed
	afterClose
	states // their number
)

// Counters count the spans by state: a finished span is in the queue
// or in exactly one state. Their methods may be called from any goroutine.
type Counters struct {
	started, sampled, notSampled atomic.Int64
	Finished, blocked, Refusals  atomic.Int64
	byState                      [states]atomic.Int64
	Metrics                      *jaeger.Metrics
}

// NewCounters returns counters that also update jaeger-client-go's metrics.
func NewCounters(m *jaeger.Metrics) *Counters {
	c := &Counters{Metrics: m}
	m.SpansStartedSampled = tee{m.SpansStartedSampled, &c.sampled, &c.started}
	m.SpansStartedNotSampled = tee{m.SpansStartedNotSampled, &c.notSampled, &c.started}
	m.SpansStartedDelayedSampling = tee{m.SpansStartedDelayedSampling, new(atomic.Int64), &c.started}
	return c
}

// tee increments a metric and two counters.
type tee struct {
	metrics.Counter
	kind, all *atomic.Int64
}

func (t tee) Inc(delta int64) {
	t.kind.Add(delta)
	t.all.Add(delta)
	t.Counter.Inc(delta)
}

// CountStarted counts a span that was started, for tracers that do not count into the
// metrics themselves.
func (c *Counters) CountStarted(sampled bool) {
	if sampled {
		c.Metrics.SpansStartedSampled.Inc(1)
	} else {
		c.Metrics.SpansStartedNotSampled.Inc(1)
	}
}

// Add counts n spans that were in the queue, or in no state yet.
func (c *Counters) Add(n int, to State) {
	c.byState[to].Add(int64(n))
	switch to {
	case Sent:
		c.Metrics.ReporterSuccess.Inc(int64(n))
	case dropped, afterClose:
		c.Metrics.ReporterDropped.Inc(int64(n))
	case TooLarge, Refused, Failed:
		c.Metrics.ReporterFailure.Inc(int64(n))
	case InFlight, Retrying, states:
	}
}

// Move counts n spans in another state.
func (c *Counters) Move(n int, from, to State) {
	if from != to {
		c.byState[from].Add(-int64(n))
		c.Add(n, to)
	}
}

// Count returns the number of spans in the given states.
func (c *Counters) Count(in ...State) int64 {
	var n int64
	for _, a := range in {
		n += c.byState[a].Load()
	}
	return n
}

// Stats returns the counts; queued is the length of the queue.
func (c *Counters) Stats(queued int) Stats {
	return Stats{
		Started:    c.started.Load(),
		Sampled:    c.sampled.Load(),
		NotSampled: c.notSampled.Load(),
		Finished:   c.Finished.Load(),
		Queued:     int64(queued) + c.Count(InFlight),
		Dropped:    c.Count(dropped),
		TooLarge:   c.Count(TooLarge),
		Refused:    c.Count(Refused, Retrying),
		Retrying:   c.Count(Retrying),
		Failed:     c.Count(Failed),
		Sent:       c.Count(Sent),
		AfterClose: c.Count(afterClose),
		Refusals:   c.Refusals.Load(),
		Blocked:    c.blocked.Load(),
	}
}

// Losses returns what each batch reports to the backend: the spans that were lost since
// the tracer's start.
func (c *Counters) Losses() j.ClientStats {
	return j.ClientStats{
		FullQueueDroppedSpans: c.Count(dropped),
		TooLargeDroppedSpans:  c.Count(TooLarge),
		FailedToEmitSpans:     c.Count(Failed, Refused),
	}
}

// CloseError is returned by a tracer's Close that ran out of time.
type CloseError struct {
	// Left is the number of spans that were not delivered because of that.
	Left int64
	// Err is the cause of the context's end.
	Err error
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("closing the tracer: %s not delivered: %v", plural.Of(e.Left, "span was", "spans were"), e.Err)
}

// Unwrap returns the cause of the context's end.
func (e *CloseError) Unwrap() error { return e.Err }
