package probe

import "time"

// RoundTime keeps three digits or so.
func RoundTime(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// DefaultTimeout is for a whole run. A span may need a flush of its batch and a
// refresh of Elasticsearch's index, a second each, several times over on a busy
// machine.
const DefaultTimeout = 10 * time.Second
