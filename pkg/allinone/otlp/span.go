package otlp

import (
	"slices"
	"unsafe"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The fields of Span, Status, Event and Link.
const (
	spanTraceID    = 1
	spanSpanID     = 2
	spanState      = 3
	spanParent     = 4
	spanName       = 5
	spanKind       = 6
	spanStart      = 7
	spanEnd        = 8
	spanAttributes = 9
	spanEvents     = 11
	spanLinks      = 13
	spanStatus     = 15

	statusMessage = 2
	statusCode    = 3

	eventTime       = 1
	eventName       = 2
	eventAttributes = 3

	linkTraceID    = 1
	linkSpanID     = 2
	linkAttributes = 4
)

// details are the parts of a span that become tags or references at its end.
type details struct {
	parent     trace.SpanID
	start, end uint64
	kind       uint64
	state      string
	status     uint64
	message    string

	events, links int // how many there are
}

// readSpan reads a Span in two passes, so that it allocates once: first what it has,
// then its lists. Its process is left to the caller.
func readSpan(m pb.Message, library []trace.Tag) trace.Span {
	var out trace.Span
	var more details
	fields := m
	for fields.Next() {
		scanField(&fields, &out, &more)
	}
	out.Start = instant(more.start)
	out.Duration = instant(more.end).Sub(out.Start)
	out.Tags = appendDetails(readTags(library, m, spanAttributes, more.tags()), &more)
	out.Logs = readEvents(m, more.events)
	out.References = readReferences(m, &more, out.TraceID)
	return out
}

func scanField(m *pb.Message, out *trace.Span, more *details) {
	switch m.Number {
	case spanTraceID:
		out.TraceID = m.TraceID()
	case spanSpanID:
		out.SpanID = m.SpanID()
	case spanParent:
		more.parent = m.SpanID()
	case spanState:
		more.state = m.String()
	case spanName:
		out.Operation = m.String()
	case spanKind:
		more.kind = m.Uint()
	case spanStart:
		more.start = m.Fixed64()
	case spanEnd:
		more.end = m.Fixed64()
	case spanEvents:
		more.events++
	case spanLinks:
		more.links++
	case spanStatus:
		more.readStatus(m.Part())
	}
}

func (more *details) readStatus(m pb.Message) {
	for m.Next() {
		switch m.Number {
		case statusMessage:
			more.message = m.String()
		case statusCode:
			more.status = m.Uint()
		}
	}
}

// appendDetails appends the tags that represent in Jaeger's model what OpenTelemetry
// has fields for.
func appendDetails(tags []trace.Tag, more *details) []trace.Tag {
	tags = appendText(tags, "span.kind", kindName(more.kind))
	switch tracepb.Status_StatusCode(more.status) {
	case tracepb.Status_STATUS_CODE_OK:
		tags = appendText(tags, "otel.status_code", "OK")
	case tracepb.Status_STATUS_CODE_ERROR:
		tags = appendText(tags, "otel.status_code", "ERROR")
		tags = append(tags, trace.Tag{Key: "error", Value: trace.Bool(true)})
	default: // not set
	}
	tags = appendText(tags, "otel.status_description", more.message)
	return appendText(tags, "w3c.tracestate", more.state)
}

// tags returns how many appendDetails appends.
func (more *details) tags() int {
	var room [5]trace.Tag
	return len(appendDetails(room[:0], more))
}

func kindName(kind uint64) string {
	names := [...]string{"", "internal", "server", "client", "producer", "consumer"}
	if kind >= uint64(len(names)) {
		return ""
	}
	return names[kind]
}

func readEvents(m pb.Message, n int) []trace.Log {
	if n == 0 || !m.Spend(n, unsafe.Sizeof(trace.Log{})) {
		return nil
	}
	logs := make([]trace.Log, 0, n)
	for m.Next() {
		if m.Number == spanEvents {
			logs = append(logs, readEvent(m.Part()))
		}
	}
	return logs
}

const eventKey = "event"

// readEvent reads an Event: a log whose first field is the event's name, unless its
// attributes have one of that key.
func readEvent(m pb.Message) trace.Log {
	log := trace.Log{Time: instant(0)}
	var first []trace.Tag
	fields := m
	for fields.Next() {
		switch fields.Number {
		case eventTime:
			log.Time = instant(fields.Fixed64())
		case eventName:
			first = appendText(first[:0], eventKey, fields.String())
		}
	}
	log.Fields = readTags(first, m, eventAttributes, 0)
	own := log.Fields[min(len(first), len(log.Fields)):]
	if slices.ContainsFunc(own, func(tag trace.Tag) bool { return tag.Key == eventKey }) {
		log.Fields = own
	}
	return log
}

// readReferences puts the parent before the links. A link to the parent sets
// the type of that reference instead of adding one.
func readReferences(m pb.Message, more *details, id trace.TraceID) []trace.Reference {
	n := more.links
	if more.parent != 0 {
		n++
	}
	if n == 0 || !m.Spend(n, unsafe.Sizeof(trace.Reference{})) {
		return nil
	}
	refs := make([]trace.Reference, 0, n)
	if more.parent != 0 {
		refs = append(refs, trace.Reference{Type: trace.ChildOf, TraceID: id, SpanID: more.parent})
	}
	for m.Next() {
		if m.Number != spanLinks {
			continue
		}
		link := readLink(m.Part())
		if more.parent != 0 && link.TraceID == id && link.SpanID == more.parent {
			refs[0].Type = link.Type
			continue
		}
		refs = append(refs, link)
	}
	return refs
}

// readLink reads a Link. Its attributes are read for OpenTracing's type of
// reference only, as in Jaeger.
func readLink(m pb.Message) trace.Reference {
	ref := trace.Reference{Type: trace.FollowsFrom}
	typed := false
	for m.Next() {
		switch m.Number {
		case linkTraceID:
			ref.TraceID = m.TraceID()
		case linkSpanID:
			ref.SpanID = m.SpanID()
		case linkAttributes:
			key, value := splitKeyValue(m.Part())
			if typed || key != "opentracing.ref_type" {
				continue
			}
			typed = true
			if decodeValue(m.Within(value)) == trace.String("child_of") {
				ref.Type = trace.ChildOf
			}
		}
	}
	return ref
}
