package api

import (
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// splitShared gives the server's half of a span that Zipkin's clients and servers
// share a new id, below the client's half, and moves the spans below it along
// (model/adjuster/zipkin_span_id_uniquify.go in Jaeger 1.62). It changes the slice
// it is given, but none of the references, which the store shares.
func splitShared(spans []trace.Span) {
	clients := make(map[trace.SpanID]bool, len(spans)) // of every id: has a client
	for i := range spans {
		clients[spans[i].SpanID] = clients[spans[i].SpanID] || hasKind(&spans[i], "client")
	}
	renamed := make(map[trace.SpanID]trace.SpanID)
	var free trace.SpanID // the last one that no span had
	for i := range spans {
		s := &spans[i]
		if !clients[s.SpanID] || !hasKind(s, "server") {
			continue
		}
		for taken := true; taken; _, taken = clients[free] {
			free++
		}
		renamed[s.SpanID] = free
		setParent(s, s.SpanID)
		s.SpanID = free
	}
	if len(renamed) == 0 {
		return
	}
	for i := range spans {
		if id, ok := renamed[spans[i].ParentID()]; ok && id != spans[i].SpanID {
			setParent(&spans[i], id)
		}
	}
}

func hasKind(s *trace.Span, kind string) bool {
	v, _ := s.Tag("span.kind")
	return v.String() == kind
}

// setParent puts id in the place of the parent's, or first among the references.
func setParent(s *trace.Span, id trace.SpanID) {
	old := s.ParentID()
	refs := slices.Clone(s.References)
	s.References = refs
	for i := range refs {
		if refs[i].TraceID == s.TraceID && refs[i].SpanID == old {
			refs[i].SpanID = id
			return
		}
	}
	s.References = slices.Insert(refs, 0, trace.Reference{TraceID: s.TraceID, SpanID: id})
}
