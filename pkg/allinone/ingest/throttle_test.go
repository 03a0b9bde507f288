package ingest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A sender is logged once a pause, with the number of events since; only so many
// senders are logged in one.
func TestLogIsThrottled(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	c := newThrottle(func() time.Time { return now })
	var got []int64
	event := func(port uint16) {
		if times, ok := c.allow("key", netip.AddrPortFrom(netip.IPv6Loopback(), port)); ok {
			got = append(got, times)
		}
	}
	for range 2 {
		for range 100 {
			event(1)
		}
		now = now.Add(throttlePause)
	}
	event(2)
	event(3)
	if diff := cmp.Diff([]int64{1, 100, 100, 1}, got); diff != "" {
		t.Errorf("times logged (-want +got):\n%s", diff)
	}
	got = nil
	for port := range uint16(100) {
		event(port)
	}
	if want := maxSenders - 2; len(got) != want {
		t.Errorf("%d more senders were logged, want %d", len(got), want)
	}
	if _, ok := c.allow("another", netip.AddrPort{}); !ok {
		t.Error("another key was held back")
	}
}
