package loss_test

import (
	"math"
	"testing"

	"github.com/otdemo/otdemo/pkg/loss"
)

// An account that began anew is what it has grown by, since the one before was dropped
// from the list. Anything else would be subtracted from a history that is not its own.
func TestTallySince(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		now, then, want loss.Tally
	}{
		{"the first time", loss.Tally{Batches: 3, Spans: 30}, loss.Tally{}, loss.Tally{Batches: 3, Spans: 30}},
		{"grown", loss.Tally{Batches: 5, Spans: 41, Failed: 2}, loss.Tally{Batches: 3, Spans: 30}, loss.Tally{Batches: 2, Spans: 11, Failed: 2}},
		{"nothing new", loss.Tally{Batches: 5, Spans: 41}, loss.Tally{Batches: 5, Spans: 41}, loss.Tally{}},
		{"late batches", loss.Tally{Batches: 6, BatchesMissing: 1}, loss.Tally{Batches: 4, BatchesMissing: 3}, loss.Tally{Batches: 2, BatchesMissing: -2}},
		{"begun anew", loss.Tally{Batches: 1, Spans: 4}, loss.Tally{Batches: 900, Spans: 9000, QueueFull: 7}, loss.Tally{Batches: 1, Spans: 4}},
		{"gone", loss.Tally{}, loss.Tally{Batches: 900, Spans: 9000}, loss.Tally{}},
	} {
		if got := tt.now.Since(tt.then); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// What clients claim does not wrap around, and the smallest number is never a result.
func TestSaturate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ a, b, want int64 }{
		{1, 2, 3},
		{5, -7, -2},
		{math.MaxInt64 - 1, 1, math.MaxInt64},
		{math.MaxInt64, 1, math.MaxInt64},
		{1, math.MaxInt64, math.MaxInt64},
		{-math.MaxInt64, -1, -math.MaxInt64},
		{-2, math.MinInt64 + 1, -math.MaxInt64},
		{math.MaxInt64, -math.MaxInt64, 0},
	} {
		if got := loss.Saturate(tt.a, tt.b); got != tt.want {
			t.Errorf("%d + %d: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	if got := (loss.Tally{}).Minus(loss.Tally{Spans: math.MinInt64}); got.Spans != math.MaxInt64 {
		t.Errorf("0 - %d: got %d, want %d", int64(math.MinInt64), got.Spans, int64(math.MaxInt64))
	}
}
