package trace

import (
	"cmp"
	"slices"
	"time"
)

// Trace is all spans that a backend has of one trace id.
type Trace struct {
	ID    TraceID
	Spans []Span
	// Warnings are about the trace as a whole; most warnings are on a span.
	Warnings []string
}

// Span is one finished span. Times have microsecond precision, as on Jaeger's
// wire.
type Span struct {
	TraceID   TraceID
	SpanID    SpanID
	Operation string
	// References are the spans that this one refers to, the parent first.
	References []Reference
	// Flags are the client's: bit 0 sampled, bit 1 debug.
	Flags    uint32
	Start    time.Time
	Duration time.Duration
	Tags     []Tag
	Logs     []Log
	// Process is the process that made the span. Spans of one batch share it, so it must
	// not be changed.
	Process *Process
	// Warnings are the backend's, about this span.
	Warnings []string
}

// Process is the program that made a span: its service name and the tags of all its
// spans.
type Process struct {
	Service string
	Tags    []Tag
}

// Log is a timed event inside a span.
type Log struct {
	Time   time.Time
	Fields []Tag
}

// RefType is how a span refers to another.
type RefType uint8

// The reference types of OpenTracing.
const (
	ChildOf RefType = iota
	FollowsFrom
)

// String returns the name Jaeger's JSON uses.
func (r RefType) String() string {
	if r == FollowsFrom {
		return "FOLLOWS_FROM"
	}
	return "CHILD_OF"
}

// refType is the opposite of String. Any other name is CHILD_OF.
func refType(name string) RefType {
	if name == FollowsFrom.String() {
		return FollowsFrom
	}
	return ChildOf
}

// Reference names a span that another one refers to.
type Reference struct {
	Type    RefType
	TraceID TraceID
	SpanID  SpanID
}

// ParentID returns the parent of s within its own trace: the first CHILD_OF
// reference, else the first FOLLOWS_FROM. It returns 0 when s has none, which
// makes it a root.
func (s *Span) ParentID() SpanID {
	var follows SpanID
	for _, ref := range s.References {
		if ref.TraceID != s.TraceID {
			continue
		}
		if ref.Type == ChildOf {
			return ref.SpanID
		}
		if follows == 0 {
			follows = ref.SpanID
		}
	}
	return follows
}

// Service returns the name of the service that made s, or "" when unknown.
func (s *Span) Service() string {
	if s.Process == nil {
		return ""
	}
	return s.Process.Service
}

// Tag returns the value of the first tag named key.
func (s *Span) Tag(key string) (Value, bool) {
	for i := range s.Tags {
		if s.Tags[i].Key == key {
			return s.Tags[i].Value, true
		}
	}
	return Value{}, false
}

// Failed reports whether the span carries OpenTracing's error=true, as a bool
// or as the string that some clients send. A span of Zipkin's may have the error's
// text in a tag of the same name beside it.
func (s *Span) Failed() bool {
	return slices.ContainsFunc(s.Tags, func(t Tag) bool { return t.Key == "error" && t.Value.String() == "true" })
}

// Services returns the names of the trace's services, sorted.
func (t *Trace) Services() []string {
	var names []string
	for i := range t.Spans {
		names = append(names, t.Spans[i].Service())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Bounds returns the start of the earliest span and the time from there to the
// end of the latest. Both are zero for a trace without spans.
func (t *Trace) Bounds() (time.Time, time.Duration) {
	if len(t.Spans) == 0 {
		return time.Time{}, 0
	}
	first := slices.MinFunc(t.Spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	last := slices.MaxFunc(t.Spans, func(a, b Span) int {
		return cmp.Compare(a.end().UnixNano(), b.end().UnixNano())
	})
	return first.Start, last.end().Sub(first.Start)
}

func (s *Span) end() time.Time { return s.Start.Add(s.Duration) }

// Unanswered returns the requests of t without a span of the service that answered:
// spans of kind client that did not fail and have no child. A database makes no spans,
// so requests to one are left out. They point into t.
func (t *Trace) Unanswered() []*Span {
	children := make(map[SpanID]bool, len(t.Spans))
	for i := range t.Spans {
		children[t.Spans[i].ParentID()] = true
	}
	var found []*Span
	for i := range t.Spans {
		s := &t.Spans[i]
		kind, _ := s.Tag("span.kind")
		if kind.String() == "client" && !s.Failed() && !children[s.SpanID] && !s.ofDatabase() {
			found = append(found, s)
		}
	}
	return found
}

// ofDatabase reports whether s is a request to a database, by the names that
// OpenTracing and OpenTelemetry, before and since 1.30, have for its kind.
func (s *Span) ofDatabase() bool {
	return slices.ContainsFunc(s.Tags, func(t Tag) bool {
		return t.Key == "db.type" || t.Key == "db.system" || t.Key == "db.system.name"
	})
}
