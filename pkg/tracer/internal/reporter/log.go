package reporter

import (
	"sync"
	"time"
)

// The bounds of the growing intervals at which a lasting problem is logged: one line
// at once, and about one a minute in the long run.
const (
	minLogGap = time.Second
	maxLogGap = time.Minute
)

// Throttle thins out a warning that would repeat. The zero value lets the first
// one through. Its methods may be called from any goroutine.
type Throttle struct {
	mu   sync.Mutex
	next time.Time
	gap  time.Duration
}

// Allow reports whether to log now. Each true doubles the gap to the next one.
func (t *Throttle) Allow() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(t.next) {
		return false
	}
	t.gap = min(max(2*t.gap, minLogGap), maxLogGap)
	t.next = now.Add(t.gap)
	return true
}

// Reset lets the next warning through, because the problem was over.
func (t *Throttle) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next, t.gap = time.Time{}, 0
}

// LogFinished logs a span, as reporter.log_spans has it.
func (r *Reporter[T]) LogFinished(operation, traceID, spanID string, duration time.Duration) {
	r.Logger.Info("span finished", "operation", operation, "trace_id", traceID, "span_id", spanID, "duration", duration)
}
