package probe

import (
	"slices"
	"sync"

	"github.com/otdemo/otdemo/pkg/trace"
)

// SentSpans are the spans of service otdemo-check that a run has sent, so that
// they can be compared with what Jaeger counted. A nil one keeps nothing. Its
// methods may be called from several goroutines.
type SentSpans struct {
	mu    sync.Mutex
	spans []SentRecord
}

// SentRecord is one span that was sent.
type SentRecord struct {
	ID trace.TraceID
	// Extra is set if the span may be lost where others arrive, as a large one
	// may, or if nothing waited for it to be sent.
	Extra bool
	// Shown is set if the query API returned it.
	Shown bool
}

// Add is called before the span is sent.
func (s *SentSpans) Add(id trace.TraceID, extra bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, SentRecord{ID: id, Extra: extra})
}

// All returns a copy of the spans so far.
func (s *SentSpans) All() []SentRecord {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.spans)
}
