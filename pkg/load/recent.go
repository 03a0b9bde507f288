package load

import "time"

// recent counts the calls that were done in the last second, in slots of a tenth, in a
// ring in which a newer slot replaces one that is more than a second older.
type recent struct {
	first int64 // slot number; 0: none yet
	slots [recentSlots]struct{ number, calls int64 }
}

const (
	recentSlots = 11 // a second, and the slot that is being filled
	slotWidth   = 100 * time.Millisecond
)

func slotOf(t time.Time) int64 { return t.UnixNano() / int64(slotWidth) }

func (r *recent) add(at time.Time) {
	number := slotOf(at)
	if r.first == 0 {
		r.first = number
	}
	slot := &r.slots[number%recentSlots]
	if slot.number < number {
		slot.number, slot.calls = number, 0
	}
	if slot.number == number {
		slot.calls++
	}
}

// rate returns how many were done in the second before now, scaled up when the first
// one is more recent. The current slot does not count yet.
func (r *recent) rate(now time.Time) float64 {
	current := slotOf(now)
	full := min(current-r.first, recentSlots-1)
	if r.first == 0 || full <= 0 {
		return 0
	}
	var calls int64
	for _, slot := range r.slots {
		if current-full <= slot.number && slot.number < current {
			calls += slot.calls
		}
	}
	return float64(calls) / (time.Duration(full) * slotWidth).Seconds()
}
