package udp

import (
	"testing"
	"time"
)

// fakeBuffer is a receive buffer that a test fills.
type fakeBuffer struct{ used, most, reads int }

func (b *fakeBuffer) read() (used, most int, ok bool) {
	b.reads++
	return b.used, b.most, true
}

func (*fakeBuffer) close() {}

// Half of what is free may be sent before the buffer is read again, since others
// send there too, and a reading is valid for creditTTL.
func TestCredit(t *testing.T) {
	t.Parallel()
	const size = 1000
	b := &fakeBuffer{used: 40_000, most: 200_000}
	w := sendWindow{buffer: b}
	now := time.Now()
	sent := 0
	for b.reads < 2 {
		if w.delay(size, now) == 0 {
			sent += bufferSize(size)
		}
	}
	sent -= bufferSize(size) // by the second reading
	if half := (b.most - b.used) / 2; sent > half || sent < half-bufferSize(size) {
		t.Errorf("sent %d bytes by one reading, want at most half of what is free, %d", sent, half)
	}

	w, b.reads = sendWindow{buffer: b}, 0
	for _, step := range []struct {
		after time.Duration
		reads int
	}{{0, 1}, {creditTTL, 1}, {creditTTL + 1, 2}} {
		w.delay(size, now.Add(step.after))
		if b.reads != step.reads {
			t.Errorf("after %v: got %d readings, want %d", step.after, b.reads, step.reads)
		}
	}
	if creditTTL > 10*time.Millisecond {
		t.Errorf("a reading is valid for %v, in which others can fill the buffer", creditTTL)
	}

	// A full buffer delays; an empty one accepts any datagram.
	w, b.used = sendWindow{buffer: b}, b.most
	if got := w.delay(size, now); got != bufferPoll {
		t.Errorf("full buffer: got a delay of %v, want %v", got, bufferPoll)
	}
	w, b.used = sendWindow{buffer: b}, 0
	if got := w.delay(b.most, now); got != 0 {
		t.Errorf("empty buffer: got a delay of %v, want none", got)
	}
}
