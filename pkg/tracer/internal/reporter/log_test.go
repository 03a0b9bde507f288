package reporter

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var th Throttle
		lines := 0
		for range 600 {
			if th.Allow() {
				lines++
			}
			<-time.After(time.Second)
		}
		// At 0, 1, 3, 7, 15, 31 and 63 seconds, then every minute.
		if want := 15; lines != want {
			t.Errorf("got %d lines in ten minutes, want %d", lines, want)
		}
		th.Reset()
		if !th.Allow() {
			t.Error("the first line after a reset does not come through")
		}
	})
}
