package load

import "time"

// recent counts the calls that were done in the last second, in slots of a tenth. It
// ignores times that are more than a second older than the newest.
type recent struct {
	first, newest int64 // slot numbers; 0: none yet
	slots         [recentSlots]int64
}

const (
	recentSlots = 11 // a second, and the slot that is being filled
	slotWidth   = 100 * time.Millisecond
)

func slotOf(t time.Time) int64 { return t.UnixNano() / int64(slotWidth) }

// turn makes slot the newest and clears those that are too old.
func (r *recent) turn(slot int64) {
	if r.first == 0 {
		r.first, r.newest = slot, slot
	}
	for range min(slot-r.newest, recentSlots) {
		r.newest++
		r.slots[r.newest%recentSlots] = 0
	}
	r.newest = max(r.newest, slot)
}

func (r *recent) add(at time.Time) {
	slot := slotOf(at)
	r.turn(slot)
	if slot > r.newest-recentSlots {
		r.slots[slot%recentSlots]++
	}
}

// rate returns how many were done in the second before now, scaled up when the first
// one is more recent. The current slot does not count yet.
func (r *recent) rate(now time.Time) float64 {
	if r.first == 0 {
		return 0
	}
	slot := slotOf(now)
	r.turn(slot)
	full := min(slot-r.first, recentSlots-1)
	if full <= 0 {
		return 0
	}
	var n int64
	for i := slot - full; i < slot; i++ {
		n += r.slots[i%recentSlots]
	}
	return float64(n) / (time.Duration(full) * slotWidth).Seconds()
}
