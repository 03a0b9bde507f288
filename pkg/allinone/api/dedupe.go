package api

import (
	"hash/maphash"

	"github.com/otdemo/otdemo/pkg/trace"
)

// dropEqual removes the spans that equal an earlier one in everything, warnings
// included, as a client that sends a batch again makes them. As with Jaeger the
// warning about the shared id keeps the first repetition.
func dropEqual(spans []trace.Span) []trace.Span {
	times := make(map[trace.SpanID]int, len(spans))
	for i := range spans {
		times[spans[i].SpanID]++
	}
	if len(times) == len(spans) {
		return spans
	}
	seed := maphash.MakeSeed()
	seen := make(map[uint64]bool)
	kept := spans[:0]
	for i := range spans {
		if times[spans[i].SpanID] > 1 {
			sum := hashSpan(seed, &spans[i])
			if seen[sum] {
				continue
			}
			seen[sum] = true
		}
		kept = append(kept, spans[i])
	}
	clear(spans[len(kept):])
	return kept
}

func hashSpan(seed maphash.Seed, s *trace.Span) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	head := struct {
		id              trace.SpanID
		operation       string
		flags           uint32
		start, duration int64
		service         string
	}{s.SpanID, s.Operation, s.Flags, s.Start.UnixNano(), int64(s.Duration), s.Service()}
	maphash.WriteComparable(&h, head)
	for _, ref := range s.References {
		maphash.WriteComparable(&h, ref)
	}
	hashTags(&h, s.Tags)
	if s.Process != nil {
		hashTags(&h, s.Process.Tags)
	}
	for i := range s.Logs {
		maphash.WriteComparable(&h, s.Logs[i].Time.UnixNano())
		hashTags(&h, s.Logs[i].Fields)
	}
	for _, warning := range s.Warnings {
		maphash.WriteComparable(&h, warning)
	}
	return h.Sum64()
}

func hashTags(h *maphash.Hash, tags []trace.Tag) {
	maphash.WriteComparable(h, len(tags))
	for i := range tags {
		maphash.WriteComparable(h, tags[i])
	}
}
