package udp

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// How datagrams are kept from being lost in front of the agent.
const (
	// bufferPoll is the interval at which a full receive buffer is read again.
	bufferPoll = 200 * time.Microsecond
	// stallTimeout is how long to wait for a receiver that does not read.
	stallTimeout = 2 * time.Second
	// creditTTL is how long a reading of a receive buffer is valid; others may send
	// there too.
	creditTTL = 5 * time.Millisecond

	// burstBytes may go at once to an agent whose buffer is not visible,
	// and burstRate, in bytes per second, in the long run.
	burstBytes = 256 << 10
	burstRate  = 64 << 20
)

// errStalled is why a datagram is given up that would have been lost anyway.
var errStalled = errors.New("the agent does not read: its receive buffer stays full")

// sendWindow decides when a datagram may be sent. With an agent on this machine that
// is when its receive buffer has room, so that nothing is lost however fast the spans
// come. With another one it only spreads bursts.
type sendWindow struct {
	buffer receiveBuffer // nil if the buffer is not visible from here
	// credit is the bytes that may go without another look, until then.
	credit int
	until  time.Time
	// stalled is true if the last datagram waited in vain.
	stalled bool
	// spent is when the bucket of burstBytes will be full again.
	spent time.Time
}

type receiveBuffer interface {
	// read returns the bytes in use and the size; false if they are unknown.
	read() (used, most int, ok bool)
	close()
}

// newSendWindow returns the flow between two addresses of a connected socket. From one
// address to the same, or to a loopback one, nothing leaves the machine.
func newSendWindow(from, to netip.AddrPort) sendWindow {
	if to.Addr().IsLoopback() || from.Addr().Unmap() == to.Addr() {
		if q := newBufferQuery(from, to); q != nil {
			return sendWindow{buffer: q}
		}
	}
	return sendWindow{}
}

func (f *sendWindow) close() {
	if f.buffer != nil {
		f.buffer.close()
	}
}

// delay returns how long a datagram of size bytes must wait before delay is called
// again; 0 means that it may be sent, and counts it as sent.
func (f *sendWindow) delay(size int, now time.Time) time.Duration {
	if f.buffer == nil {
		return f.spreadBursts(size, now)
	}
	need := bufferSize(size)
	if f.credit < need || now.After(f.until) {
		used, most, ok := f.buffer.read()
		if !ok {
			return f.spreadBursts(size, now) // no listener, or not visible to us
		}
		// Half of it, since others may send at the same time; but an empty buffer
		// accepts any datagram.
		f.credit, f.until = (most-used)/2, now.Add(creditTTL)
		if used == 0 {
			f.credit = max(f.credit, need)
		}
	}
	if f.credit < need {
		return bufferPoll
	}
	f.credit -= need
	return 0
}

// bufferSize bounds what a datagram uses of a receive buffer on Linux: a small
// one twice its size, a large one whole pages.
func bufferSize(size int) int { return min(2*size, size+32<<10) + 1<<10 }

// spreadBursts is a bucket of burstBytes that fills at burstRate.
func (f *sendWindow) spreadBursts(size int, now time.Time) time.Duration {
	const depth = time.Duration(burstBytes) * time.Second / burstRate
	if f.spent.Before(now) {
		f.spent = now
	}
	if wait := f.spent.Sub(now) - depth; wait > 0 {
		return wait
	}
	f.spent = f.spent.Add(time.Duration(size) * time.Second / burstRate)
	return 0
}

// await waits until the next datagram may go. It waits for a receiver that
// does not read once; until it does, further datagrams are given up at once.
func (f *sendWindow) await(ctx context.Context, size int) error {
	for start := time.Now(); ; {
		pause := f.delay(size, time.Now())
		switch {
		case pause == 0:
			f.stalled = false
			return nil
		case f.stalled || time.Since(start) > stallTimeout:
			f.stalled = true
			return errStalled
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
