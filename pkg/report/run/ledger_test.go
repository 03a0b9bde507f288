package run

import "testing"

// The two sides of each sum are equal, also when spans were queued before the run.
func TestSum(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want     string
		finished int64
		states   map[string]int64
	}{
		{"12 finished = 12 sent", 12, map[string]int64{"sent": 12}},
		{"12 finished = 9 sent + 1 queued + 2 too large", 12, map[string]int64{"sent": 9, "queued": 1, "too_large": 2}},
		{"12 finished + 2 queued before = 14 sent", 12, map[string]int64{"sent": 14, "queued": -2}},
		{"0 finished = 0 sent", 0, nil},
	}
	for _, tt := range tests {
		if got := sum(tt.finished, tt.states, []string{"queued", "sent", "too_large"}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
