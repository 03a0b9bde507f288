package reporter

import (
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	var th Throttle
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	lines := 0
	for range 600 {
		if th.Allow(now) {
			lines++
		}
		now = now.Add(time.Second)
	}
	// At 0, 1, 3, 7, 15, 31 and 63 seconds, then every minute.
	if want := 15; lines != want {
		t.Errorf("got %d lines in ten minutes, want %d", lines, want)
	}
	th.Reset()
	if !th.Allow(now) {
		t.Error("the first line after a reset does not come through")
	}
}
