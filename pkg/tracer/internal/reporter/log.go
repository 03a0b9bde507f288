package reporter

import (
	"log/slog"
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
// one through.
type Throttle struct {
	next time.Time
	gap  time.Duration
}

// Allow reports whether to log now. Each true doubles the gap to the next one.
func (t *Throttle) Allow(now time.Time) bool {
	if now.Before(t.next) {
		return false
	}
	t.gap = min(max(2*t.gap, minLogGap), maxLogGap)
	t.next = now.Add(t.gap)
	return true
}

// Reset lets the next warning through, because the problem was over.
func (t *Throttle) Reset() { *t = Throttle{} }

// LockedThrottle is a throttle for many goroutines.
type LockedThrottle struct {
	mu       sync.Mutex
	throttle Throttle
}

// Allow is Throttle.Allow for the current time.
func (c *LockedThrottle) Allow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.throttle.Allow(time.Now())
}

// LogFinished is what reporter.log_spans logs of each span.
func LogFinished(log *slog.Logger, operation, traceID, spanID string, duration time.Duration) {
	log.Info("span finished", "operation", operation, "trace_id", traceID, "span_id", spanID, "duration", duration)
}
