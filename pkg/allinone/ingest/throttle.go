package ingest

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// throttlePause is the time between two log lines of one kind about one sender: a
	// misdirected client sends thousands of datagrams a second.
	throttlePause = time.Minute
	// maxSenders bounds the senders that are logged for one kind within a pause,
	// because anyone can send from many ports.
	maxSenders = 8
)

type throttle struct {
	now func() time.Time

	mu    sync.Mutex
	kinds map[string]*throttled
}

type throttled struct {
	since int64 // events since the last line
	// senders are those that were logged in the current pause.
	senders map[netip.AddrPort]struct{}
	ends    time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, kinds: make(map[string]*throttled)}
}

// allow reports whether an event may be logged now, and how many events of its kind
// there were since the last line, this one included. Kinds must be few.
func (t *throttle) allow(kind string, from netip.AddrPort) (times int64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.kinds[kind]
	if known == nil {
		known = &throttled{senders: make(map[netip.AddrPort]struct{})}
		t.kinds[kind] = known
	}
	known.since++
	now := t.now()
	if !now.Before(known.ends) {
		clear(known.senders)
		known.ends = now.Add(throttlePause)
	}
	if _, again := known.senders[from]; again || len(known.senders) == maxSenders {
		return 0, false
	}
	known.senders[from] = struct{}{}
	times, known.since = known.since, 0
	return times, true
}
