package otel

import (
	"context"
	"errors"
	"unicode/utf8"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// ValidText replaces each byte of s that is not UTF-8 with U+FFFD, as
// encoding/json does: a backend shows the same text, whichever tracer sent it.
func ValidText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s)) // strings.ToValidUTF8 makes one of a run of bytes
}

// errUnencodable is the error of an exporter for text that is not UTF-8, where it
// is not proto.Error.
var errUnencodable = errors.New("protobuf cannot carry the text of a span")

// utf8Client sends a request again with valid text if it has any other: protobuf
// refuses a whole batch for one such string.
type utf8Client struct{ otlptrace.Client }

func (c utf8Client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := c.Client.UploadTraces(ctx, spans)
	if !errors.Is(err, proto.Error) && !errors.Is(err, errUnencodable) {
		return err
	}
	for _, s := range spans {
		validateText(s.ProtoReflect())
	}
	return c.Client.UploadTraces(ctx, spans)
}

// validateText makes all text in a message of OTLP valid; no map or list of strings
// is among the fields of spans. Keys that differed in their invalid bytes only are
// the same then, which OTLP permits to be sent.
func validateText(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() == protoreflect.StringKind && !field.IsList():
			m.Set(field, protoreflect.ValueOfString(ValidText(value.String())))
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				validateText(value.List().Get(i).Message())
			}
		default:
			validateText(value.Message())
		}
		return true
	})
}
