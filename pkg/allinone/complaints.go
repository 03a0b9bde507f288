package allinone

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// complaintPause is the time between two log lines that tell the same sender
	// the same: a misdirected client sends thousands of datagrams a second.
	complaintPause = time.Minute
	// maxComplained bounds the senders that are told of one thing within a pause,
	// since anyone can send from many ports.
	maxComplained = 8
)

// complaints limits log lines by what they are about and whom they concern.
type complaints struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[string]*complaint
}

// complaint is about one thing.
type complaint struct {
	since int64 // how often it happened since it was logged
	// told has the senders of the present pause.
	told map[netip.AddrPort]struct{}
	ends time.Time
}

func newComplaints(now func() time.Time) *complaints {
	return &complaints{now: now, byKey: make(map[string]*complaint)}
}

// allow reports whether it may be logged now that something came from a sender,
// and how often it happened since it last was, this time included. Keys must be
// few.
func (c *complaints) allow(key string, from netip.AddrPort) (times int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.byKey[key]
	if known == nil {
		known = &complaint{told: make(map[netip.AddrPort]struct{})}
		c.byKey[key] = known
	}
	known.since++
	now := c.now()
	if !now.Before(known.ends) {
		clear(known.told)
		known.ends = now.Add(complaintPause)
	}
	if _, again := known.told[from]; again || len(known.told) == maxComplained {
		return 0, false
	}
	known.told[from] = struct{}{}
	times, known.since = known.since, 0
	return times, true
}
