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

// The schemas of the events that this package understands.
const (
	schemaName = "name"
	schemaLog  = "log"
	schemaMsg  = "msg"
	// These two have the times of a span; Appdash's OpenTracing tracer sends the
	// first of them, after all else.
	schemaTimespan    = "Timespan"
	schemaOldTimespan = "timespan"
)

// isLast reports whether an event is the last of its span.
func isLast(schema string) bool { return schema == schemaTimespan || schema == schemaOldTimespan }

// timesOf names the annotations in which an event has a span's start and end.
type timesOf struct {
	schema, start, end string
	// kind is the side of a call that measured them, "" if unknown.
	kind string
}

// eventTimes are those of Appdash's own events. The first that a span has holds.
func eventTimes() []timesOf {
	return []timesOf{
		{schema: schemaTimespan, start: "Span.Start", end: "Span.End"},
		{schema: schemaOldTimespan, start: "S", end: "E"},
		{schema: "HTTPServer", start: "Server.Recv", end: "Server.Send", kind: "server"},
		{schema: "HTTPClient", start: "Client.Send", end: "Client.Recv", kind: "client"},
		{schema: "SQL", start: "ClientSend", end: "ClientRecv", kind: "client"},
	}
}

// ends reports whether a packet with these annotations is the last of its span.
func ends(annotations []Annotation) bool {
	return slices.ContainsFunc(annotations, func(a Annotation) bool {
		schema, ok := strings.CutPrefix(a.Key, schemaPrefix)
		return ok && isLast(schema)
	})
}

// reading is a span's annotations while they are turned into one.
type reading struct {
	all  []Annotation
	used []bool
	span *trace.Span
	// timed is whether the span has its times.
	timed bool
}

// convert makes a span of annotations in the order in which they came; arrived is
// when the first did. It reports whether they had the span's times.
func convert(id SpanID, annotations []Annotation, arrived time.Time) (trace.Span, bool) {
	span := trace.Span{
		TraceID: trace.TraceID{Low: id.Trace},
		SpanID:  trace.SpanID(id.Span),
		Start:   arrived.UTC().Truncate(time.Microsecond),
	}
	if id.Parent != 0 {
		span.References = []trace.Reference{{Type: trace.ChildOf, TraceID: span.TraceID, SpanID: trace.SpanID(id.Parent)}}
	}
	r := &reading{all: annotations, used: make([]bool, len(annotations)), span: &span}
	for i := range annotations {
		if schema, ok := strings.CutPrefix(annotations[i].Key, schemaPrefix); ok {
			r.event(i, schema)
		}
	}
	process := &trace.Process{Service: unknownService}
	for i := range annotations {
		switch a := &annotations[i]; {
		case r.used[i]:
		case a.Key == serviceTag && a.Value != "":
			process.Service = a.Value
		default:
			span.Tags = append(span.Tags, trace.Tag{Key: a.Key, Value: value(a.Value)})
		}
	}
	span.Process = process
	if !r.timed {
		span.Warnings = append(span.Warnings, noTimes)
	}
	return span, r.timed
}

// value keeps bytes that are no text as they are.
func value(s string) trace.Value {
	if utf8.ValidString(s) {
		return trace.String(s)
	}
	return trace.Binary([]byte(s))
}

// event reads the event whose schema stands at marker. One that is not understood
// leaves its annotations to be tags, its name included.
func (r *reading) event(marker int, schema string) {
	switch schema {
	case schemaName:
		if at := r.fields(marker, "Name"); at != nil {
			r.span.Operation = r.all[at[0]].Value
			r.use(marker, at)
		}
	case schemaMsg:
		if at := r.fields(marker, "Msg"); at != nil {
			r.log(r.span.Start, r.all[at[0]].Value)
			r.use(marker, at)
		}
	case schemaLog:
		at := r.fields(marker, "Msg", "Time")
		if at == nil {
			return
		}
		if when, err := time.Parse(time.RFC3339Nano, r.all[at[1]].Value); err == nil {
			r.log(when, r.all[at[0]].Value)
			r.use(marker, at)
		}
	default:
		r.times(marker, schema)
	}
}

func (r *reading) log(when time.Time, text string) {
	r.span.Logs = append(r.span.Logs, trace.Log{Time: when.UTC().Truncate(time.Microsecond), Fields: ingest.LogFields(text)})
}

// times takes start and end from an event that has them, unless another had. The
// rest of the event, its name included, stays among the tags.
func (r *reading) times(marker int, schema string) {
	all := eventTimes()
	which := slices.IndexFunc(all, func(t timesOf) bool { return t.schema == schema })
	if which < 0 || r.timed {
		return
	}
	event := all[which]
	at := r.fields(marker, event.start, event.end)
	if at == nil {
		return
	}
	start, startErr := time.Parse(time.RFC3339Nano, r.all[at[0]].Value)
	end, endErr := time.Parse(time.RFC3339Nano, r.all[at[1]].Value)
	if startErr != nil || endErr != nil {
		return
	}
	r.timed = true
	r.span.Start = start.UTC().Truncate(time.Microsecond)
	r.span.Duration = end.Sub(start).Truncate(time.Microsecond)
	if isLast(schema) {
		r.use(marker, at)
		return
	}
	r.use(-1, at)
	if !slices.ContainsFunc(r.all, func(a Annotation) bool { return a.Key == kindTag }) {
		r.span.Tags = append(r.span.Tags, trace.Tag{Key: kindTag, Value: trace.String(event.kind)})
	}
}

// fields returns where the annotations of an event with these keys stand, in the
// order of keys, and nil unless all are there. They stand before the event's marker
// and after the one before it, in any order.
func (r *reading) fields(marker int, keys ...string) []int {
	at := slices.Repeat([]int{-1}, len(keys))
	found := 0
	for i := marker - 1; i >= 0 && found < len(keys); i-- {
		if strings.HasPrefix(r.all[i].Key, schemaPrefix) {
			break
		}
		which := slices.Index(keys, r.all[i].Key)
		if which >= 0 && at[which] < 0 {
			at[which] = i
			found++
		}
	}
	if found < len(keys) {
		return nil
	}
	return at
}

// use takes annotations out of the tags, and the marker unless it is negative.
func (r *reading) use(marker int, at []int) {
	for _, i := range at {
		r.used[i] = true
	}
	if marker >= 0 {
		r.used[marker] = true
	}
}
