package reporter

import "sync"

// wakeAt is how many spans wait in the queue before its reader is woken for
// them. Waking it for each span costs more than the span; the flush gets the rest.
const wakeAt = 128

// queue holds finished spans for the reporter's goroutine, the oldest first, up to
// a bound. Its methods may be called from any goroutine.
type queue[T any] struct {
	// ready has a token when the reader should read without waiting for the flush.
	ready  chan struct{}
	wakeAt int

	mu       sync.Mutex
	ring     []T
	first, n int
	closed   bool
	// space is closed when there is space again; nil while no goroutine waits.
	space chan struct{}
}

type admission int

const (
	admitted admission = iota
	queueFull
	queueClosed
)

func newQueue[T any](size int) *queue[T] {
	return &queue[T]{
		ready:  make(chan struct{}, 1),
		wakeAt: max(1, min(wakeAt, size/2)),
		ring:   make([]T, size),
	}
}

// put adds a span. When the queue is full it returns a channel that is closed
// once another put is worth a try.
func (q *queue[T]) put(span T) (admission, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return queueClosed, nil
	case q.n == len(q.ring):
		if q.space == nil {
			q.space = make(chan struct{})
		}
		return queueFull, q.space
	}
	end := q.first + q.n
	if end >= len(q.ring) {
		end -= len(q.ring)
	}
	q.ring[end] = span
	q.n++
	if q.n == q.wakeAt {
		q.wake()
	}
	return admitted, nil
}

// take moves the oldest spans into into and returns how many there were.
func (q *queue[T]) take(into []T) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(into), q.n)
	upper := q.ring[q.first:min(q.first+n, len(q.ring))]
	lower := q.ring[:n-len(upper)]
	copy(into[copy(into, upper):], lower)
	clear(upper)
	clear(lower)
	q.first = (q.first + n) % len(q.ring)
	q.n -= n
	if q.n >= q.wakeAt {
		q.wake()
	}
	if n > 0 {
		q.broadcast()
	}
	return n
}

func (q *queue[T]) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// broadcast lets all goroutines that wait for space try again.
func (q *queue[T]) broadcast() {
	if q.space != nil {
		close(q.space)
		q.space = nil
	}
}

// close accepts no more spans; those in the queue stay. It reports whether it
// was the first to do so.
func (q *queue[T]) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := !q.closed
	q.closed = true
	q.broadcast()
	return first
}

func (q *queue[T]) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}
