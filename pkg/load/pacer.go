package load

import (
	"math"
	"sort"
	"time"
)

// pacer is a constant rate in calls per second, above 0. It has no clock: call number 0
// is due at once, and no call's time depends on how late others were.
type pacer float64

// due returns when the call is due, counted from the start of the run. It never
// falls as seq rises, and is MaxInt64 where the time exceeds a Duration.
func (p pacer) due(seq int64) time.Duration {
	ns := float64(seq) / float64(p) * float64(time.Second)
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}

// count returns the number of calls that are due before elapsed. The product of rate and
// time could overflow and has rounding errors, so it searches the first call that is not
// due.
func (p pacer) count(elapsed time.Duration) int64 {
	return int64(sort.Search(math.MaxInt, func(seq int) bool { return p.due(int64(seq)) >= elapsed }))
}

// share selects a part of the calls, evenly spread and always the same ones. It counts
// in millionths, so that rounding errors do not add up.
type share int64

const wholeShare = share(1_000_000)

// newShare returns the share that is nearest to part, from 0 to 1, and above 0 if
// part is.
func newShare(part float64) share {
	s := share(math.Round(part * float64(wholeShare)))
	if s == 0 && part > 0 {
		return 1
	}
	return s
}

// includes reports whether the call is in the share. The first one always is, unless
// the share is 0.
func (s share) includes(seq int64) bool {
	return share(seq)%wholeShare*s%wholeShare < s
}
