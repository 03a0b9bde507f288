package tracer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uber/jaeger-client-go"
)

// The drops since the last warning are logged at the end, however short ago that was:
// nobody else tells of them then.
func TestLastDropsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l logs
		life, giveUp := context.WithCancel(context.Background())
		g := &gate{ledger: newLedger(jaeger.NewNullMetrics()), life: life, let: make(chan account)}
		r := newReporter(feederOptions[*jaeger.Span]{
			transport: g, ledger: g.ledger, log: l.logger(), queueSize: 2, flushEvery: 100 * time.Millisecond,
			giveUp: giveUp, closing: make(chan struct{}),
		})
		spans := newSpans(8)
		fill(r, spans)
		r.Report(spans[3])
		for range 3 { // so that the flush comes
			g.let <- sent
		}
		<-time.After(time.Second)
		l.want(t, "level=WARN", "spans dropped: queue full", "dropped=1 ")
		fill(r, spans[4:])
		r.Report(spans[7])
		r.Report(spans[7])
		giveUp()
		r.Close()
		l.want(t, "level=WARN", "spans dropped: queue full", "dropped=2 ")
		if s := r.stats(); s.Dropped != 3 {
			t.Errorf("got %+v, want 3 dropped", s)
		}
		checkBooks(t, r.stats())
	})
}

// Trouble that was over and comes back is logged at once.
func TestNewTroubleIsLoggedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l logs
		var outcome error
		b := &batches{batchOptions: batchOptions{
			ledger: newLedger(jaeger.NewNullMetrics()), log: l.logger(),
			maxSpans: 100, maxBytes: 1000, maxSpanBytes: 1000,
			send: func([][]byte) error { return outcome },
		}}
		for _, step := range []struct {
			outcome error
			lines   int
		}{
			{errors.New("first"), 1},
			{errors.New("first, still"), 1}, // within the gap
			{nil, 1},
			{errors.New("second"), 2},
		} {
			outcome = step.outcome
			b.ledger.finished.Add(1)
			b.ledger.enter(1, held)
			_, _ = b.Append([]byte("span"))
			_, _ = b.Flush()
			if got := strings.Count(l.String(), "spans not accepted"); got != step.lines {
				t.Errorf("after %v: got %d lines, want %d:\n%s", step.outcome, got, step.lines, &l)
			}
		}
		checkBooks(t, b.ledger.snapshot(0))
	})
}
