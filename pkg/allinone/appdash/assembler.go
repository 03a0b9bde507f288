package appdash

import (
	"container/list"
	"sync"
	"time"
	"unsafe"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// Patience is how long a span waits for its next part. Appdash's OpenTracing
	// tracer sends all parts at once, so longer waits are for a slow network.
	Patience = 5 * time.Second
	// maxOpen and maxOpenBytes bound the spans that wait.
	maxOpen      = 10_000
	maxOpenBytes = 16 << 20
	// openBytes is roughly the memory of a span that waits, beside its annotations.
	openBytes = 300
)

// Assembler puts spans together from packets. A span is whole with the packet that
// has its Timespan, the last that Appdash's OpenTracing tracer sends. One that gets
// none is released as it is when it has waited for Patience, when there is no room
// for more that wait, or at the end: nothing is thrown away. A part that comes later
// still makes a second span of the same id.
//
// Its methods may be called from many goroutines at once; packets of one span may
// come over several connections.
type Assembler struct {
	now func() time.Time
	out func(*ingest.Batch)

	mu    sync.Mutex
	byID  map[SpanID]*list.Element
	open  list.List // of *openSpan, the one that is quiet longest first
	bytes int
	stats loss.Parts
}

type openSpan struct {
	id          SpanID
	annotations []Annotation
	bytes       int
	first, last time.Time
}

// NewAssembler makes an assembler that hands each span to out, which may be called
// from several goroutines at once.
func NewAssembler(now func() time.Time, out func(*ingest.Batch)) *Assembler {
	return &Assembler{now: now, out: out, byID: make(map[SpanID]*list.Element)}
}

// Add adds a packet to its span, and releases the span if that is complete.
func (a *Assembler) Add(p Packet) {
	now := a.now()
	a.mu.Lock()
	a.put(p, now)
	var ready []*openSpan
	if ends(p.Annotations) {
		ready = append(ready, a.take(a.byID[p.ID]))
	}
	for a.open.Len() > maxOpen || a.bytes > maxOpenBytes {
		ready = append(ready, a.take(a.open.Front()))
	}
	a.mu.Unlock()
	a.release(ready)
}

// put adds the packet to its span, which thereby is the one heard last.
func (a *Assembler) put(p Packet, now time.Time) {
	element := a.byID[p.ID]
	if element == nil {
		element = a.open.PushBack(&openSpan{id: p.ID, bytes: openBytes, first: now})
		a.byID[p.ID] = element
		a.bytes += openBytes
	}
	a.open.MoveToBack(element)
	span := element.Value.(*openSpan)
	span.last = now
	span.annotations = append(span.annotations, p.Annotations...)
	size := 0
	for i := range p.Annotations {
		size += int(unsafe.Sizeof(p.Annotations[i])) + len(p.Annotations[i].Key) + len(p.Annotations[i].Value)
	}
	span.bytes += size
	a.bytes += size
}

func (a *Assembler) take(element *list.Element) *openSpan {
	span := a.open.Remove(element).(*openSpan)
	delete(a.byID, span.id)
	a.bytes -= span.bytes
	return span
}

// Sweep releases the spans that have waited for Patience.
func (a *Assembler) Sweep() { a.flush(a.now().Add(-Patience)) }

// Flush releases all spans.
func (a *Assembler) Flush() { a.flush(a.now()) }

// flush releases the spans that got no packet since then.
func (a *Assembler) flush(then time.Time) {
	var ready []*openSpan
	a.mu.Lock()
	for front := a.open.Front(); front != nil && !front.Value.(*openSpan).last.After(then); front = a.open.Front() {
		ready = append(ready, a.take(front))
	}
	a.mu.Unlock()
	a.release(ready)
}

func (a *Assembler) release(ready []*openSpan) {
	for _, open := range ready {
		span, timed := convert(open.id, open.annotations, open.first)
		if !timed {
			a.mu.Lock()
			a.stats.Untimed++
			a.mu.Unlock()
		}
		a.out(&ingest.Batch{Process: span.Process, Spans: []trace.Span{span}})
	}
}

// Stats returns the present account.
func (a *Assembler) Stats() loss.Parts {
	a.mu.Lock()
	defer a.mu.Unlock()
	stats := a.stats
	stats.Open = int64(a.open.Len())
	return stats
}
