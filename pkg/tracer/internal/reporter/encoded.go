package reporter

import "github.com/otdemo/otdemo/pkg/config"

// Encoded is the reporter for libraries whose own does not count its
// losses. Spans come encoded: a library's span may still be changed by a late
// SetTag, so it is read in Finish, where the library holds its lock.
type Encoded struct {
	*Reporter[[]byte]
	failLog Throttle
}

// StartEncoded starts a reporter that sends the batches of b.
func StartEncoded(cfg config.Config, env Env, b BatchOptions[[]byte]) *Encoded {
	o, r := NewOptions[[]byte](cfg, env)
	b.SizeOf = func(span []byte) int { return len(span) }
	o.Transport, o.Logger = NewBatcher(b, o.Counters, r), b.Log
	return &Encoded{Reporter: Start(o)}
}

// Report reports a span that was encoded, or counts it as failed if it could
// not be.
func (e *Encoded) Report(span []byte, err error) {
	if err == nil {
		e.Enqueue(span)
		return
	}
	e.Counters.Finished.Add(1)
	e.Counters.Add(1, Failed)
	if e.failLog.Allow() {
		e.Logger.Warn("span not encoded", "reason", err, "failed", e.Counters.Count(Failed))
	}
}
