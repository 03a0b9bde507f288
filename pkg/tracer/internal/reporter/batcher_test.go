package reporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// fakeSender records the sizes of the batches, and returns what result says of each.
type fakeSender struct {
	batches []int
	result  func(spans []string) *SendError
	closed  bool
}

func (f *fakeSender) Prepare(spans []string) func(context.Context) *SendError {
	return func(context.Context) *SendError {
		f.batches = append(f.batches, len(spans))
		return f.result(spans)
	}
}

func (f *fakeSender) Close() { f.closed = true }

// newBatched returns a batcher with batches of 4 spans, 100 bytes, and spans of 50.
func newBatched(t *testing.T, result func(spans []string) *SendError) (*Batcher[string], *fakeSender, *testkit.Logs) {
	t.Helper()
	l, f := &testkit.Logs{}, &fakeSender{result: result}
	b := NewBatcher(BatchOptions[string]{
		Sender: f, Log: l.Logger(), MaxSpans: 4, MaxBytes: 100, MaxSpanBytes: 50,
		SizeOf:   func(span string) int { return len(span) },
		Describe: func(span string) []any { return []any{"operation", span} },
	}, NewCounters(jaeger.NewNullMetrics()), Retrier{Ctx: t.Context(), Closing: make(chan struct{})})
	return b, f, l
}

func appendAll(b *Batcher[string], spans ...string) {
	for _, span := range spans {
		b.counters.Add(1, InFlight)
		b.Append(span)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	accept := func([]string) *SendError { return nil }
	bad := func(cause error) func([]string) *SendError {
		return func(spans []string) *SendError {
			if slices.Contains(spans, "bad") {
				return &SendError{Reason: "rejected", Cause: cause}
			}
			return nil
		}
	}
	partial := func(rejected int64) func([]string) *SendError {
		return func([]string) *SendError {
			p := &PartialSuccess{Rejected: rejected, Message: "why"}
			return &SendError{Reason: p.Error(), Cause: p}
		}
	}
	fifty := strings.Repeat("x", 50)
	for _, test := range []struct {
		name    string
		result  func([]string) *SendError
		spans   []string
		batches []int
		want    Stats
		log     string
	}{
		{"none", accept, nil, nil, Stats{}, ""},
		{"by number", accept, []string{"1", "2", "3", "4", "5"}, []int{4, 1}, Stats{Sent: 5}, ""},
		{"by size", accept, []string{fifty, fifty, "1"}, []int{2, 1}, Stats{Sent: 3}, ""},
		{"too large for itself", accept, []string{fifty + "x", "1"}, []int{1}, Stats{Sent: 1, TooLarge: 1}, "max_size=50"},
		{"rejected", bad(errors.New("no")), []string{"1", "bad"}, []int{2}, Stats{Failed: 2}, "spans not accepted"},
		{"one too large", bad(ErrTooLarge), []string{"1", "2", "bad", "4"}, []int{4, 2, 2, 1, 1}, Stats{Sent: 3, TooLarge: 1}, "operation=bad"},
		{"accepted in part", partial(1), []string{"1", "2", "3"}, []int{3}, Stats{Sent: 2, Failed: 1}, "rejected 1 span: why"},
		{"accepted with a warning", partial(0), []string{"1", "2"}, []int{2}, Stats{Sent: 2}, "accepted with a warning"},
		{"more rejected than sent", partial(9), []string{"1", "2"}, []int{2}, Stats{Failed: 2}, "why"},
		{"fewer than none rejected", partial(-9), []string{"1", "2"}, []int{2}, Stats{Sent: 2}, "why"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, f, l := newBatched(t, test.result)
			appendAll(b, test.spans...)
			b.Close()
			if d := cmp.Diff(test.batches, f.batches); d != "" {
				t.Errorf("batches (-want +got):\n%s", d)
			}
			if d := cmp.Diff(test.want, b.counters.Stats(0)); d != "" {
				t.Errorf("counts (-want +got):\n%s", d)
			}
			if got := l.String(); !strings.Contains(got, test.log) || test.log == "" && got != "" {
				t.Errorf("got log %q, want %q in it", got, test.log)
			}
			if !f.closed {
				t.Error("the sender is not closed")
			}
		})
	}
}

// Failures are logged rate-limited, but again after success, and at the end.
func TestBatchesLogFailures(t *testing.T) {
	t.Parallel()
	b, _, l := newBatched(t, func(spans []string) *SendError {
		if spans[0] == "ok" {
			return nil
		}
		return &SendError{Reason: fmt.Sprint("no to ", spans[0])}
	})
	for _, span := range []string{"a", "b", "ok", "c", "d", "e"} {
		appendAll(b, span)
		if span != "e" {
			b.Flush()
		}
	}
	b.Close()
	got := l.String()
	for span, want := range map[string]bool{"a": true, "b": false, "c": true, "d": false, "e": true} {
		if strings.Contains(got, "no to "+span) != want {
			t.Errorf("%s: logged is not %v:\n%s", span, want, got)
		}
	}
}
