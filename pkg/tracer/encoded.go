package tracer

import (
	"sync"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// encodedReporter is the reporter for libraries whose own does not count its
// losses. Spans come encoded: a library's span may still be changed by a late
// SetTag, so it is read in Finish, where the library holds its lock.
type encodedReporter struct {
	*spanReporter[[]byte]

	mu      sync.Mutex
	failLog throttle
}

// newEncodedReporter starts the reporter with the batches that connect returns.
func newEncodedReporter(
	cfg config.Config, opts env, connect func() (batchOptions[[]byte], error),
) (*encodedReporter, error) {
	b, err := connect()
	if err != nil {
		return nil, err
	}
	counters := newSpanCounters(jaeger.NewMetrics(opts.metrics, nil))
	o, r := newReporterOptions[[]byte](cfg, opts, counters)
	b.sizeOf = func(span []byte) int { return len(span) }
	o.transport, o.log = newBatcher(b, counters, r), b.log
	return &encodedReporter{spanReporter: newSpanReporter(o)}, nil
}

// reportEncoded reports a span that was encoded, or counts it as failed if it could
// not be.
func (o *encodedReporter) reportEncoded(span []byte, err error) {
	if err == nil {
		o.report(span)
		return
	}
	o.counters.finished.Add(1)
	o.counters.add(1, failed)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failLog.allow(time.Now()) {
		o.log.Warn("span not encoded", "reason", err, "failed", o.counters.count(failed))
	}
}
