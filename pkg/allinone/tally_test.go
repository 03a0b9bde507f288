package allinone

import "testing"

// An account that began anew is what it has grown by, since the one before was dropped
// from the list. Anything else would be subtracted from a history that is not its own.
func TestTallySince(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		now, then, want Tally
	}{
		{"the first time", Tally{Batches: 3, Spans: 30}, Tally{}, Tally{Batches: 3, Spans: 30}},
		{"grown", Tally{Batches: 5, Spans: 41, Failed: 2}, Tally{Batches: 3, Spans: 30}, Tally{Batches: 2, Spans: 11, Failed: 2}},
		{"nothing new", Tally{Batches: 5, Spans: 41}, Tally{Batches: 5, Spans: 41}, Tally{}},
		{"late batches", Tally{Batches: 6, BatchesMissing: 1}, Tally{Batches: 4, BatchesMissing: 3}, Tally{Batches: 2, BatchesMissing: -2}},
		{"begun anew", Tally{Batches: 1, Spans: 4}, Tally{Batches: 900, Spans: 9000, QueueFull: 7}, Tally{Batches: 1, Spans: 4}},
		{"gone", Tally{}, Tally{Batches: 900, Spans: 9000}, Tally{}},
	} {
		if got := tt.now.since(tt.then); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
