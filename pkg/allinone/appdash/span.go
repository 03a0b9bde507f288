package appdash

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// schemaPrefix begins the key of the annotation that follows those of an event
	// and names the event.
	schemaPrefix = "_schema:"
	// serviceTag is the annotation in which otdemo's tracer names the service of a
	// span: Appdash has no field for it.
	serviceTag = "service"
	// unknownService is that of spans without the annotation.
	unknownService = "appdash"
	kindTag        = "span.kind"
	// noTimes is the warning of a span that never got any.
	noTimes = "appdash: the span's start and end did not come; it stands where its first part arrived"
)

// times names the annotations in which an event has a span's start and end.
type times struct {
	start, end string
	// kind is the side of a call that measured them; "" for the last event of a span,
	// which has nothing else.
	kind string
}

// timesOf are those of Appdash's own events, by schema. Its OpenTracing tracer sends
// Timespan.
//
//nolint:gochecknoglobals // a table
var timesOf = map[string]times{
	"Timespan":   {"Span.Start", "Span.End", ""},
	"timespan":   {"S", "E", ""},
	"HTTPServer": {"Server.Recv", "Server.Send", "server"},
	"HTTPClient": {"Client.Send", "Client.Recv", "client"},
	"SQL":        {"ClientSend", "ClientRecv", "client"},
}

// ends reports whether a packet with these annotations is the last of its span.
func ends(annotations []Annotation) bool {
	return slices.ContainsFunc(annotations, func(a Annotation) bool {
		schema, ok := strings.CutPrefix(a.Key, schemaPrefix)
		event, known := timesOf[schema]
		return ok && known && event.kind == ""
	})
}

// reading is a span while it is made of annotations.
type reading struct {
	trace.Span
	// timed is whether the span has its times, kind who measured them.
	timed bool
	kind  string
}

// convert makes a span of annotations in the order in which they came; arrived is
// when the first did. It reports whether they had the span's times.
func convert(id SpanID, annotations []Annotation, arrived time.Time) (trace.Span, bool) {
	r := &reading{Span: trace.Span{
		TraceID: trace.TraceID{Low: id.Trace},
		SpanID:  trace.SpanID(id.Span),
		Start:   arrived.UTC().Truncate(time.Microsecond),
		Process: &trace.Process{Service: unknownService},
	}}
	if id.Parent != 0 {
		r.References = []trace.Reference{{Type: trace.ChildOf, TraceID: r.TraceID, SpanID: trace.SpanID(id.Parent)}}
	}
	begin := 0
	for i, a := range annotations {
		if schema, ok := strings.CutPrefix(a.Key, schemaPrefix); ok {
			r.tags(r.event(schema, annotations[begin:i+1]))
			begin = i + 1
		}
	}
	r.tags(annotations[begin:])
	if _, ok := r.Tag(kindTag); !ok && r.kind != "" {
		r.Tags = append(r.Tags, trace.Tag{Key: kindTag, Value: trace.String(r.kind)})
	}
	if !r.timed {
		r.Warnings = append(r.Warnings, noTimes)
	}
	return r.Span, r.timed
}

// tags adds annotations that belong to no event. Bytes that are no text stay as they are.
func (r *reading) tags(annotations []Annotation) {
	for _, a := range annotations {
		switch {
		case a.Key == serviceTag && a.Value != "":
			r.Process.Service = a.Value
		case utf8.ValidString(a.Value):
			r.Tags = append(r.Tags, trace.Tag{Key: a.Key, Value: trace.String(a.Value)})
		default:
			r.Tags = append(r.Tags, trace.Tag{Key: a.Key, Value: trace.Binary([]byte(a.Value))})
		}
	}
}

// event reads an event and returns what is left of its annotations: all if it is not
// understood. Its schema is the last of them; before it are, beside its own, the tags
// since the event before.
func (r *reading) event(schema string, all []Annotation) []Annotation {
	fields := all[:len(all)-1]
	switch schema {
	case "name":
		if v, rest := take(fields, "Name"); v != nil {
			r.Operation = v[0]
			return rest
		}
	case "msg":
		if v, rest := take(fields, "Msg"); v != nil {
			r.log(r.Start, v[0])
			return rest
		}
	case "log":
		if v, rest := take(fields, "Msg", "Time"); v != nil {
			if when, err := time.Parse(time.RFC3339Nano, v[1]); err == nil {
				r.log(when, v[0])
				return rest
			}
		}
	default:
		return r.times(schema, all)
	}
	return all
}

func (r *reading) log(when time.Time, text string) {
	r.Logs = append(r.Logs, trace.Log{Time: when.UTC().Truncate(time.Microsecond), Fields: ingest.LogFields(text)})
}

// times takes start and end from an event that has them, unless another had. The rest
// of the event, its schema included, is left unless the event has nothing else.
func (r *reading) times(schema string, all []Annotation) []Annotation {
	event, known := timesOf[schema]
	v, rest := take(all, event.start, event.end)
	if !known || r.timed || v == nil {
		return all
	}
	start, startErr := time.Parse(time.RFC3339Nano, v[0])
	end, endErr := time.Parse(time.RFC3339Nano, v[1])
	if startErr != nil || endErr != nil {
		return all
	}
	r.timed, r.kind = true, event.kind
	r.Start = start.UTC().Truncate(time.Microsecond)
	r.Duration = end.Sub(start).Truncate(time.Microsecond)
	if event.kind == "" {
		return rest[:len(rest)-1]
	}
	return rest
}

// take returns the values of the last annotations with these keys, and the other
// annotations; nil unless all are there.
func take(all []Annotation, keys ...string) (values []string, rest []Annotation) {
	rest = slices.Clone(all)
	for _, key := range keys {
		at := len(rest) - 1
		for at >= 0 && rest[at].Key != key {
			at--
		}
		if at < 0 {
			return nil, nil
		}
		values = append(values, rest[at].Value)
		rest = slices.Delete(rest, at, at+1)
	}
	return values, rest
}
