package otel

import (
	"context"
	"errors"
	"unicode/utf8"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
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

// Protobuf refuses a whole batch for one string that is not UTF-8. Then all of its text
// is made valid: by utf8Client for OTLP over HTTP, which encodes before it connects, and
// by utf8Codec for gRPC, which opens a stream first.

type utf8Client struct{ otlptrace.Client }

func (c utf8Client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := c.Client.UploadTraces(ctx, spans)
	if !errors.Is(err, proto.Error) {
		return err
	}
	for _, s := range spans {
		validateText(s.ProtoReflect())
	}
	return c.Client.UploadTraces(ctx, spans)
}

type utf8Codec struct{ encoding.CodecV2 }

func (c utf8Codec) Marshal(v any) (mem.BufferSlice, error) {
	data, err := c.CodecV2.Marshal(v)
	if m, ok := v.(proto.Message); ok && err != nil {
		validateText(m.ProtoReflect())
		return c.CodecV2.Marshal(v)
	}
	return data, err
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
