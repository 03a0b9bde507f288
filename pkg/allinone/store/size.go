package store

import (
	"container/list"
	"unsafe"

	"github.com/otdemo/otdemo/pkg/trace"
)

// The sizes of what a store allocates. They are sums of what Go allocates, each
// rounded up about as Go's allocator does, so that the bound is one on the growth of
// the process and not only on the payload; a test holds them against the heap.
const (
	spanStructBytes = int64(unsafe.Sizeof(trace.Span{}))
	tagBytes        = int64(unsafe.Sizeof(trace.Tag{}))
	logBytes        = int64(unsafe.Sizeof(trace.Log{}))
	referenceBytes  = int64(unsafe.Sizeof(trace.Reference{}))
	pointerBytes    = int64(unsafe.Sizeof(uintptr(0)))

	// mapBytes is the memory of an entry of a Go map beside its key and value: its
	// share of slots that are free and of control bytes.
	mapBytes = 24

	entryBytes = int64(unsafe.Sizeof(entry{})+unsafe.Sizeof(list.Element{})+unsafe.Sizeof(trace.TraceID{})) + pointerBytes + mapBytes
	// heldBytes is an element of entry.processes, with room for it to grow.
	heldBytes = 2 * pointerBytes
	// serviceBytes has the map of its operations, which begins with 8 slots.
	serviceBytes       = 4*pointerBytes + mapBytes + 48 + 8*operationSlotBytes
	operationSlotBytes = int64(unsafe.Sizeof(Operation{})) + pointerBytes
	operationBytes     = operationSlotBytes + mapBytes
	processBytes       = int64(unsafe.Sizeof(process{})+unsafe.Sizeof(trace.Process{})) + 4*pointerBytes + mapBytes
)

// allocated returns what Go's allocator uses for n bytes, about: size classes
// are 16 bytes apart for small sizes, an eighth for larger ones.
func allocated(n int64) int64 {
	switch {
	case n < 16:
		return n // tiny strings share a block
	case n <= 256:
		return (n + 15) &^ 15
	default:
		return n + n/16
	}
}

// spanBytes returns the memory of a span outside its own struct and its process.
func spanBytes(s *trace.Span) int64 {
	n := allocated(int64(len(s.Operation))) +
		allocated(int64(cap(s.References))*referenceBytes) +
		tagsBytes(s.Tags) +
		allocated(int64(cap(s.Logs))*logBytes)
	for i := range s.Logs {
		n += tagsBytes(s.Logs[i].Fields)
	}
	return n
}

func tagsBytes(tags []trace.Tag) int64 {
	n := allocated(int64(cap(tags)) * tagBytes)
	for i := range tags {
		n += allocated(int64(len(tags[i].Key))) + allocated(int64(tags[i].Value.Size()))
	}
	return n
}

// growth returns what one more element may add to spans' array.
func growth(spans []trace.Span) int64 {
	if len(spans) < cap(spans) {
		return 0
	}
	return int64(max(1, cap(spans))) * spanStructBytes
}
