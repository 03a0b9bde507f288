package otel

import (
	"slices"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// ValidText replaces each byte of s that is not UTF-8 with U+FFFD, as
// encoding/json does: a backend shows the same text, whichever tracer sent it.
func ValidText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s)) // strings.ToValidUTF8 makes one of a run of bytes
}

// utf8Span is a span whose text can be encoded: protobuf refuses a message with a
// string that is not UTF-8, and with it a whole batch. What the span had right is
// not copied.
type utf8Span struct {
	sdktrace.ReadOnlySpan
	name       string
	status     sdktrace.Status
	attributes []attribute.KeyValue
	events     []sdktrace.Event
	links      []sdktrace.Link
	resource   *resource.Resource
}

// Name implements sdktrace.ReadOnlySpan, as do the methods below.
func (s *utf8Span) Name() string                     { return s.name }
func (s *utf8Span) Status() sdktrace.Status          { return s.status }
func (s *utf8Span) Attributes() []attribute.KeyValue { return s.attributes }
func (s *utf8Span) Events() []sdktrace.Event         { return s.events }
func (s *utf8Span) Links() []sdktrace.Link           { return s.links }
func (s *utf8Span) Resource() *resource.Resource     { return s.resource }

// utf8Resource is the resource that the spans share, and that with valid text. It
// is used from one goroutine.
type utf8Resource struct{ given, valid *resource.Resource }

func (u *utf8Resource) of(span sdktrace.ReadOnlySpan) *resource.Resource {
	if r := span.Resource(); r != u.given {
		u.given, u.valid = r, validResource(r)
	}
	return u.valid
}

// encodable returns span with valid text, which is span itself unless it has any
// that is not. The instrumentation scope is a constant, and a trace state that is
// not ASCII does not parse.
func encodable(span sdktrace.ReadOnlySpan, shared *utf8Resource) sdktrace.ReadOnlySpan {
	s := &utf8Span{
		ReadOnlySpan: span,
		name:         span.Name(),
		status:       span.Status(),
		attributes:   span.Attributes(),
		events:       span.Events(),
		links:        span.Links(),
		resource:     shared.of(span),
	}
	if s.resource == shared.given && utf8.ValidString(s.name) && utf8.ValidString(s.status.Description) &&
		validAttributes(s.attributes) && !slices.ContainsFunc(s.events, invalidEvent) && !slices.ContainsFunc(s.links, invalidLink) {
		return span
	}
	s.name, s.status.Description = ValidText(s.name), ValidText(s.status.Description)
	s.attributes = validated(s.attributes)
	s.events, s.links = slices.Clone(s.events), slices.Clone(s.links)
	for i := range s.events {
		s.events[i].Name = ValidText(s.events[i].Name)
		s.events[i].Attributes = validated(s.events[i].Attributes)
	}
	for i := range s.links {
		s.links[i].Attributes = validated(s.links[i].Attributes)
	}
	return s
}

func invalidEvent(e sdktrace.Event) bool {
	return !utf8.ValidString(e.Name) || !validAttributes(e.Attributes)
}

func invalidLink(l sdktrace.Link) bool { return !validAttributes(l.Attributes) }

// validResource returns r with valid text, r itself if it has no other.
func validResource(r *resource.Resource) *resource.Resource {
	if validAttributes(r.Attributes()) {
		return r
	}
	return resource.NewWithAttributes(r.SchemaURL(), validated(r.Attributes())...)
}

func validAttributes(attributes []attribute.KeyValue) bool {
	return !slices.ContainsFunc(attributes, func(kv attribute.KeyValue) bool {
		return !utf8.ValidString(string(kv.Key)) || !validValue(kv.Value)
	})
}

func validValue(v attribute.Value) bool {
	switch v.Type() {
	case attribute.STRING:
		return utf8.ValidString(v.AsString())
	case attribute.STRINGSLICE:
		return !slices.ContainsFunc(v.AsStringSlice(), func(s string) bool { return !utf8.ValidString(s) })
	case attribute.SLICE:
		return !slices.ContainsFunc(v.AsSlice(), func(v attribute.Value) bool { return !validValue(v) })
	case attribute.MAP:
		return validAttributes(v.AsMap())
	default:
		return true
	}
}

// validated returns a copy of attributes with valid text. Keys that differed in
// their invalid bytes only are the same then, which OTLP permits to be sent.
func validated(attributes []attribute.KeyValue) []attribute.KeyValue {
	out := slices.Clone(attributes)
	for i := range out {
		out[i] = attribute.KeyValue{Key: attribute.Key(ValidText(string(out[i].Key))), Value: validatedValue(out[i].Value)}
	}
	return out
}

func validatedValue(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		return attribute.StringValue(ValidText(v.AsString()))
	case attribute.STRINGSLICE:
		texts := v.AsStringSlice()
		for i := range texts {
			texts[i] = ValidText(texts[i])
		}
		return attribute.StringSliceValue(texts)
	case attribute.SLICE:
		values := v.AsSlice()
		for i := range values {
			values[i] = validatedValue(values[i])
		}
		return attribute.SliceValue(values...)
	case attribute.MAP:
		return attribute.MapValue(validated(v.AsMap())...)
	default:
		return v
	}
}
