package run

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/tracer"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	now := load.Snapshot{Done: 420, Failed: 3, Rate: 99.7, P99: load.Millis(3210 * time.Microsecond)}
	spans := tracer.Stats{Finished: 1260, Sent: 1200, Dropped: 5}
	const rest = ", 100/s, p99 3.21ms, 3 failed, spans 1260 made 1200 sent 5 lost"
	tests := []struct {
		planned load.RunInfo
		want    string
	}{
		{load.RunInfo{Requests: 1000}, "420 of 1000 calls" + rest},
		{load.RunInfo{Duration: load.Millis(time.Minute), Warmup: load.Millis(5 * time.Second)}, "420 calls, 4s of 1m5s" + rest},
		{load.RunInfo{Requests: 1000, Duration: load.Millis(time.Minute)}, "420 of 1000 calls, 4s of 1m0s" + rest},
	}
	for _, tt := range tests {
		if got := Status(&tt.planned, 4200*time.Millisecond, now, spans); got != tt.want {
			t.Errorf("status %q, want %q", got, tt.want)
		}
	}
}

// Each state with spans, except "sent", is a sentence, and the hint fits the loss.
func TestLosses(t *testing.T) {
	t.Parallel()
	const doctorHint = `run "otdemo check-jaeger" to find out why, or start "otdemo all-in-one" as a local Jaeger`
	tests := []struct {
		stats tracer.Stats
		want  []string
		hint  string
	}{
		{tracer.Stats{Finished: 3, Sent: 3}, nil, ""},
		{tracer.Stats{Finished: 12, Sent: 2, Dropped: 10}, []string{"10 of 12 spans to udp were dropped: the reporter's queue was full"}, "use a longer queue: OTDEMO_REPORTER_QUEUE_SIZE=100"},
		{tracer.Stats{Finished: 1, Refused: 1}, []string{"1 of 1 span to udp was refused: nothing listens there"}, doctorHint},
		{tracer.Stats{Finished: 3, Dropped: 1, Queued: 2}, []string{
			"2 of 3 spans to udp were not sent: the flush timed out",
			"1 of 3 spans to udp was dropped: the reporter's queue was full",
		}, doctorHint},
	}
	for _, tt := range tests {
		got, hint := Losses(tt.stats, "udp")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.stats, diff)
		}
		if hint != tt.hint {
			t.Errorf("%+v: hint %q, want %q", tt.stats, hint, tt.hint)
		}
	}
}

func TestSpansLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		made, sent, stored int64
		want               string
	}{
		{7, 7, 7, "spans: 7 made = 7 sent = 7 stored, none lost"},
		{7, 7, 6, "spans: 7 made, 7 sent, 6 stored"},
		{7, 6, 6, "spans: 7 made, 6 sent, 6 stored"},
	} {
		if got := SpansLine(tt.made, tt.sent, tt.stored); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
