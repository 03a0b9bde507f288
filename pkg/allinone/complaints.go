package allinone

import (
	"sync"
	"time"
)

// complaintPause is the time between two log lines about the same thing: a
// misdirected client sends thousands of datagrams a second.
const complaintPause = 10 * time.Second

// complaints limits log lines by key.
type complaints struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[string]*complaint
}

type complaint struct {
	next  time.Time
	since int64
}

func newComplaints(now func() time.Time) *complaints {
	return &complaints{now: now, byKey: make(map[string]*complaint)}
}

// allow reports whether something may be logged now, and how often it happened
// since it last was, this time included. Keys must be few.
func (c *complaints) allow(key string) (times int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.byKey[key]
	if known == nil {
		known = &complaint{}
		c.byKey[key] = known
	}
	known.since++
	now := c.now()
	if now.Before(known.next) {
		return 0, false
	}
	times, known.since = known.since, 0
	known.next = now.Add(complaintPause)
	return times, true
}
