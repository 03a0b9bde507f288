package tracer

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// The bounds of the growing intervals at which a lasting trouble is logged: one
// line at once, and about one a minute in the long run.
const (
	minLogGap = time.Second
	maxLogGap = time.Minute
)

// throttle thins out a warning that would repeat. The zero value lets the first
// one through.
type throttle struct {
	next time.Time
	gap  time.Duration
}

// allow reports whether to log now. Each yes doubles the gap to the next one.
func (t *throttle) allow(now time.Time) bool {
	if now.Before(t.next) {
		return false
	}
	t.gap = min(max(2*t.gap, minLogGap), maxLogGap)
	t.next = now.Add(t.gap)
	return true
}

// reset lets the next warning through, because the trouble was over.
func (t *throttle) reset() { *t = throttle{} }

// clientLogger gives jaeger-client-go's messages to slog. Its texts vary, so
// they go into an attribute.
type clientLogger struct{ log *slog.Logger }

// Error implements jaeger.Logger.
func (l clientLogger) Error(msg string) {
	l.log.Error("jaeger client", "detail", msg)
}

// Infof implements jaeger.Logger.
func (l clientLogger) Infof(format string, args ...any) {
	l.log.Info("jaeger client", "detail", fmt.Sprintf(format, args...))
}

// Debugf implements log.DebugLogger of jaeger-client-go, which would otherwise
// announce that it has no such method.
func (l clientLogger) Debugf(format string, args ...any) {
	l.log.Debug("jaeger client", "detail", fmt.Sprintf(format, args...))
}

// lockedThrottle is a throttle for many goroutines.
type lockedThrottle struct {
	mu       sync.Mutex
	throttle throttle
}

func (c *lockedThrottle) allow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.throttle.allow(time.Now())
}

// logFinished is what reporter.log_spans logs of each span.
func logFinished(log *slog.Logger, operation, traceID, spanID string, duration time.Duration) {
	log.Info("span finished", "operation", operation, "trace_id", traceID, "span_id", spanID, "duration", duration)
}
