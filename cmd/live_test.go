package cmd

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/tracer"
)

func TestLiveLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var terminal bytes.Buffer
		line := &liveLine{w: &terminal, on: true}
		calls := 0
		stop := line.follow(func() string {
			calls++
			return "so far " + string(rune('0'+calls))
		})
		time.Sleep(2*liveInterval + liveInterval/2) //nolint:forbidigo // the bubble's clock
		if _, err := line.Write([]byte("a warning\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(liveInterval) //nolint:forbidigo // the bubble's clock
		stop()
		want := "so far 1" + clearLine + "so far 2" + clearLine + "a warning\n" + "so far 3" + clearLine
		if diff := cmp.Diff(want, terminal.String()); diff != "" {
			t.Errorf("the terminal got (-want +got):\n%s", diff)
		}
	})
}

func TestLiveLineIsSilent(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	line := &liveLine{w: &stderr}
	stop := line.follow(func() string { t.Error("the status was asked for"); return "" })
	line.show("reading back")
	if _, err := line.Write([]byte("a warning\n")); err != nil {
		t.Fatal(err)
	}
	stop()
	line.clear()
	if got, want := stderr.String(), "a warning\n"; got != want {
		t.Errorf("stderr got %q, want %q", got, want)
	}
}

// A line that is wider than the terminal would wrap, and not be erased as a whole.
func TestLiveLineFits(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]int{0: 79, 10: 9, 200: 100} {
		var terminal bytes.Buffer
		line := &liveLine{w: &terminal, on: true, width: width}
		line.show(strings.Repeat("x", 100))
		if got := terminal.Len(); got != want {
			t.Errorf("a terminal of %d columns gets %d characters, want %d", width, got, want)
		}
	}
}

func TestRunStatus(t *testing.T) {
	t.Parallel()
	now := load.Snapshot{Done: 420, Failed: 3, Rate: 99.7, P99: 3210 * time.Microsecond}
	spans := tracer.Stats{Finished: 1260, Sent: 1200, Dropped: 5}
	const rest = ", 100/s, p99 3.21ms, 3 failed, spans 1260 made 1200 sent 5 lost"
	tests := []struct {
		flags loadFlags
		want  string
	}{
		{loadFlags{requests: 1000}, "420 of 1000 calls" + rest},
		{loadFlags{duration: time.Minute, warmup: 5 * time.Second}, "420 calls, 4s of 1m5s" + rest},
		{loadFlags{requests: 1000, duration: time.Minute}, "420 of 1000 calls, 4s of 1m0s" + rest},
	}
	for _, tt := range tests {
		if got := runStatus(&tt.flags, 4200*time.Millisecond, now, spans); got != tt.want {
			t.Errorf("status %q, want %q", got, tt.want)
		}
	}
}
