package otlp

import (
	"slices"
	"unsafe"

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

// span reads a Span in two passes, so that it allocates once: first what it has,
// then its lists. Its process is left to the caller.
func (d *decoder) span(b []byte, library []trace.Tag) (trace.Span, error) {
	var out trace.Span
	var more details
	m := pb.Read(b)
	for m.Next() {
		m.Fail(scanSpan(m, &out, &more))
	}
	if err := m.Err(); err != nil {
		return out, err
	}
	out.Start = instant(more.start)
	out.Duration = instant(more.end).Sub(out.Start)
	var err error
	if out.Tags, err = d.tags(library, b, spanAttributes, more.tags()); err != nil {
		return out, err
	}
	out.Tags = appendDetails(out.Tags, &more)
	if more.events > 0 {
		if out.Logs, err = d.events(b, more.events); err != nil {
			return out, err
		}
	}
	out.References, err = d.references(b, &more, out.TraceID)
	return out, err
}

// scanSpan reads a field of a Span, and counts what is in a list.
func scanSpan(m *pb.Message, out *trace.Span, more *details) (err error) {
	switch m.Number {
	case spanTraceID:
		out.TraceID, err = pb.TraceID(m.Bytes())
	case spanSpanID:
		out.SpanID, err = pb.SpanID(m.Bytes())
	case spanParent:
		more.parent, err = pb.SpanID(m.Bytes())
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
		err = readStatus(m.Bytes(), more)
	}
	return err
}

func readStatus(b []byte, more *details) error {
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case statusMessage:
			more.message = m.String()
		case statusCode:
			more.status = m.Uint()
		}
	}
	return m.Err()
}

// The codes of Status.
const (
	statusOK    = 1
	statusError = 2
)

// appendDetails appends the tags that represent in Jaeger's model what OpenTelemetry
// has fields for.
func appendDetails(tags []trace.Tag, more *details) []trace.Tag {
	tags = appendText(tags, "span.kind", kindName(more.kind))
	switch more.status {
	case statusOK:
		tags = appendText(tags, "otel.status_code", "OK")
	case statusError:
		tags = appendText(tags, "otel.status_code", "ERROR")
		tags = append(tags, trace.Tag{Key: "error", Value: trace.Bool(true)})
	}
	tags = appendText(tags, "otel.status_description", more.message)
	return appendText(tags, "w3c.tracestate", more.state)
}

// tags returns how many appendDetails appends.
func (more *details) tags() int {
	var room [5]trace.Tag
	return len(appendDetails(room[:0], more))
}

// kindName returns the word for a SpanKind, "" for none.
func kindName(kind uint64) string {
	names := [...]string{"", "internal", "server", "client", "producer", "consumer"}
	if kind >= uint64(len(names)) {
		return ""
	}
	return names[kind]
}

// events reads a span's events, of which there are n.
func (d *decoder) events(b []byte, n int) ([]trace.Log, error) {
	if err := d.left.Spend(n, unsafe.Sizeof(trace.Log{})); err != nil {
		return nil, err
	}
	logs := make([]trace.Log, 0, n)
	m := pb.Read(b)
	for m.Next() {
		if m.Number == spanEvents {
			log, err := d.event(m.Bytes())
			m.Fail(err)
			logs = append(logs, log)
		}
	}
	return logs, m.Err()
}

const eventKey = "event"

// event reads an Event: a log whose first field is the event's name, unless its
// attributes have one of that key.
func (d *decoder) event(b []byte) (trace.Log, error) {
	log := trace.Log{Time: instant(0)}
	var first []trace.Tag
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case eventTime:
			log.Time = instant(m.Fixed64())
		case eventName:
			first = appendText(first[:0], eventKey, m.String())
		}
	}
	if err := m.Err(); err != nil {
		return log, err
	}
	var err error
	log.Fields, err = d.tags(first, b, eventAttributes, 0)
	named := slices.ContainsFunc(log.Fields[min(len(first), len(log.Fields)):], func(tag trace.Tag) bool { return tag.Key == eventKey })
	if named {
		log.Fields = log.Fields[len(first):]
	}
	return log, err
}

// references puts the parent before the links. A link to the parent sets
// the type of that reference instead of adding one.
func (d *decoder) references(b []byte, more *details, id trace.TraceID) ([]trace.Reference, error) {
	n := more.links
	if more.parent != 0 {
		n++
	}
	if n == 0 {
		return nil, nil
	}
	if err := d.left.Spend(n, unsafe.Sizeof(trace.Reference{})); err != nil {
		return nil, err
	}
	refs := make([]trace.Reference, 0, n)
	if more.parent != 0 {
		refs = append(refs, trace.Reference{Type: trace.ChildOf, TraceID: id, SpanID: more.parent})
	}
	m := pb.Read(b)
	for m.Next() {
		if m.Number != spanLinks {
			continue
		}
		link, err := readLink(m.Bytes())
		m.Fail(err)
		if more.parent != 0 && link.TraceID == id && link.SpanID == more.parent {
			refs[0].Type = link.Type
			continue
		}
		refs = append(refs, link)
	}
	return refs, m.Err()
}

// readLink reads a Link. Its attributes are read for OpenTracing's type of
// reference only, as in Jaeger.
func readLink(b []byte) (trace.Reference, error) {
	ref := trace.Reference{Type: trace.FollowsFrom}
	typed := false
	m := pb.Read(b)
	for m.Next() {
		var err error
		switch m.Number {
		case linkTraceID:
			ref.TraceID, err = pb.TraceID(m.Bytes())
		case linkSpanID:
			ref.SpanID, err = pb.SpanID(m.Bytes())
		case linkAttributes:
			var key string
			var value []byte
			key, value, err = splitKeyValue(m.Bytes())
			if err != nil || typed || key != "opentracing.ref_type" {
				break
			}
			typed = true
			var text trace.Value
			if text, err = decodeValue(value); text == trace.String("child_of") {
				ref.Type = trace.ChildOf
			}
		}
		m.Fail(err)
	}
	return ref, m.Err()
}
