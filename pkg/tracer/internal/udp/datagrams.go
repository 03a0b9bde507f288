package udp

import (
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// datagram is a sealed batch on its way to the agent. It stays the same, byte
// for byte, when it is sent again.
type datagram struct {
	// number counts datagrams from 1. It is the batch's SeqNo and the message's
	// sequence id.
	number  uint32
	spans   int
	payload []byte
	// in is the state of its spans: InFlight, or Retrying once it was refused.
	in reporter.State
	// due is when it counts as sent, unless it is refused before.
	due time.Time
}

// datagrams is a list of datagrams, ordered by number. The zero value is empty.
type datagrams struct {
	list  []*datagram
	bytes int
}

func (q *datagrams) empty() bool { return len(q.list) == 0 }

// first returns the oldest datagram; the list must not be empty.
func (q *datagrams) first() *datagram { return q.list[0] }

// insert puts d in its place, which is almost always the end.
func (q *datagrams) insert(d *datagram) {
	i := len(q.list)
	for i > 0 && q.list[i-1].number > d.number {
		i--
	}
	q.list = slices.Insert(q.list, i, d)
	q.bytes += len(d.payload)
}

// pop removes the oldest datagram and returns it; the list must not be empty.
func (q *datagrams) pop() *datagram {
	d := q.list[0]
	q.list[0] = nil
	q.list = q.list[1:]
	q.bytes -= len(d.payload)
	return d
}

// take removes the datagram with the number. It returns nil if there is none.
func (q *datagrams) take(number uint32) *datagram {
	i := slices.IndexFunc(q.list, func(d *datagram) bool { return d.number == number })
	if i < 0 {
		return nil
	}
	d := q.list[i]
	q.list = slices.Delete(q.list, i, i+1)
	q.bytes -= len(d.payload)
	return d
}

// buffers keeps used payloads for the next datagrams, because allocating
// and clearing 65000 bytes for each costs more than filling them.
type buffers struct{ free [][]byte }

// get returns an empty slice with room for size bytes. A much larger one is not
// taken, so that a backlog of small datagrams stays as small as it counts.
func (b *buffers) get(size int) []byte {
	i := slices.IndexFunc(b.free, func(f []byte) bool { return cap(f) >= size && cap(f)/2 <= size })
	if i < 0 {
		return make([]byte, 0, size)
	}
	f := b.free[i]
	b.free = slices.Delete(b.free, i, i+1)
	return f
}

func (b *buffers) put(payload []byte) {
	const most = 64
	if len(b.free) < most {
		b.free = append(b.free, payload[:0])
	}
}

// sentHistory remembers how many spans were in the latest datagrams that count as
// sent, for a refusal that comes later than expected: the kernel needs three seconds to
// find out that a host does not exist.
type sentHistory [1024]struct {
	number uint32
	spans  int
}

func (h *sentHistory) add(number uint32, spans int) {
	e := &h[number%uint32(len(h))]
	e.number, e.spans = number, spans
}

// take returns the spans of the datagram, once; 0 if it is unknown.
func (h *sentHistory) take(number uint32) (spans int) {
	if e := &h[number%uint32(len(h))]; e.number == number {
		spans, e.spans = e.spans, 0
	}
	return spans
}
