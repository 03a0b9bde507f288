package udp

import (
	"net/netip"
	"sync"
)

// datagram is what came in one packet. Its bytes belong to whoever has it.
type datagram struct {
	payload []byte
	from    netip.AddrPort
}

// overhead is the memory of a waiting datagram beside its payload, so that empty
// ones fill the queue too.
const overhead = 64

// queue holds datagrams that wait to be handled, within a bound of bytes.
type queue struct {
	limit int

	mu       sync.Mutex
	changed  sync.Cond
	waiting  []datagram
	bytes    int
	closed   bool
	abandons int64
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit}
	q.changed.L = &q.mu
	return q
}

// put adds d. While the queue is full it waits: the kernel's buffer then fills,
// and it is the kernel that drops and counts.
func (q *queue) put(d datagram) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.bytes > q.limit && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		q.abandons++
		return
	}
	q.waiting = append(q.waiting, d)
	q.bytes += len(d.payload) + overhead
	q.changed.Broadcast()
}

// take removes the datagrams that wait, the oldest first but no more than a fair
// share, and appends them to into. It waits until there is one; none means that
// the queue is closed and empty.
func (q *queue) take(into []datagram) []datagram {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	n := min(len(q.waiting), share)
	for i := range q.waiting[:n] {
		q.bytes -= len(q.waiting[i].payload) + overhead
	}
	into = append(into, q.waiting[:n]...)
	clear(q.waiting[:n])
	q.waiting = q.waiting[n:]
	q.changed.Broadcast()
	return into
}

// share is how many datagrams are taken at once: enough to make the lock cheap,
// few enough that all cores get some.
const share = 16

// close makes take return what is left, and then nothing.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}

// abandon closes the queue and throws away what waits in it.
func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.abandons += int64(len(q.waiting))
	q.waiting, q.bytes, q.closed = nil, 0, true
	q.changed.Broadcast()
}

func (q *queue) state() (waiting int, abandoned int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes, q.abandons
}
