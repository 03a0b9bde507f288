package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
)

// FromJSON returns an ExportTraceServiceRequest in OTLP's JSON as protobuf, for
// Decode, so that both are understood alike. It is protobuf's JSON but for ids,
// which are hexadecimal. Names in snake_case are taken too, numbers as text, and
// what is unknown is passed over, as the OpenTelemetry Collector does.
func FromJSON(body []byte) ([]byte, error) {
	s, err := newScanner(body)
	if err != nil {
		return nil, fmt.Errorf("read OTLP's JSON: %w", err)
	}
	out := make([]byte, 0, len(body)/2)
	if out, err = s.message(out, (*coltracepb.ExportTraceServiceRequest)(nil).ProtoReflect().Descriptor(), 0); err != nil {
		return nil, fmt.Errorf("read OTLP's JSON: %w", err)
	}
	return out, nil
}

// maxJSONDepth accepts what Decode accepts: a map in a map is three objects
// deeper.
const maxJSONDepth = 4 * maxDepth

// message appends the fields of the object that is next as protobuf.
func (s *scanner) message(out []byte, kind protoreflect.MessageDescriptor, depth int) ([]byte, error) {
	if !s.take('{') {
		return out, errors.New("want an object")
	}
	if depth > maxJSONDepth {
		return out, errTooDeep
	}
	for {
		name, ok, err := s.key()
		if !ok || err != nil {
			return out, err
		}
		if out, err = s.member(out, fieldOf(kind, name), depth); err != nil {
			return out, fmt.Errorf("%.64s: %w", name, err)
		}
	}
}

// fieldOf returns the field of a name in lowerCamelCase or snake_case; nil for what is
// unknown, and for the counts, flags and indexes of 32 bits, which Decode does not read.
func fieldOf(kind protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	f := kind.Fields().ByJSONName(name)
	if f == nil && strings.Contains(name, "_") {
		f = kind.Fields().ByTextName(name)
	}
	if f == nil {
		switch name { // before OTLP 0.15; see resourceLibraries
		case "instrumentationLibrarySpans", "instrumentation_library_spans":
			return fieldOf(kind, "scopeSpans")
		case "instrumentationLibrary", "instrumentation_library":
			return fieldOf(kind, "scope")
		}
		return nil
	}
	if slices.Contains([]protoreflect.Kind{protoreflect.Int32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind}, f.Kind()) {
		return nil
	}
	return f
}

// member reads a member's value, of which null is none.
func (s *scanner) member(out []byte, f protoreflect.FieldDescriptor, depth int) (_ []byte, err error) {
	switch {
	case f == nil, s.peek() == 'n':
		s.skip()
		return out, nil
	case !f.IsList():
		return s.element(out, f, depth)
	case !s.take('['):
		return out, errors.New("want an array")
	}
	for !s.take(']') {
		if out, err = s.element(out, f, depth); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (s *scanner) element(out []byte, f protoreflect.FieldDescriptor, depth int) ([]byte, error) {
	c := s.peek()
	switch {
	case f.Kind() == protoreflect.MessageKind:
		start := len(out)
		out, err := s.message(out, f.Message(), depth+1)
		head := protowire.AppendTag(nil, f.Number(), protowire.BytesType)
		head = protowire.AppendVarint(head, uint64(len(out)-start))
		return slices.Insert(out, start, head...), err
	case f.Kind() == protoreflect.BoolKind:
		if c != 't' && c != 'f' {
			return out, errors.New("want true or false")
		}
		return pb.AppendUint(out, int(f.Number()), protowire.EncodeBool(string(s.word()) == "true")), nil
	case c == '"':
		text, err := s.str()
		if err != nil {
			return out, err
		}
		return appendScalar(out, f, text, true)
	case c == '-', c >= '0' && c <= '9':
		return appendScalar(out, f, string(s.word()), false)
	}
	return out, errors.New("want text or a number")
}

// appendScalar appends a field of text or of a number, which may be quoted.
func appendScalar(out []byte, f protoreflect.FieldDescriptor, s string, quoted bool) ([]byte, error) {
	number := int(f.Number())
	switch f.Kind() {
	case protoreflect.StringKind, protoreflect.BytesKind:
		if !quoted {
			return out, errors.New("want text, got a number")
		}
		raw, err := unquote(f, s)
		return pb.AppendBytes(out, number, raw), err
	case protoreflect.DoubleKind:
		n, err := strconv.ParseFloat(s, 64)
		return pb.AppendDouble(out, number, n), numberError(err, s)
	case protoreflect.Fixed64Kind:
		n, err := strconv.ParseUint(s, 10, 64)
		return pb.AppendFixed64(out, number, n), numberError(err, s)
	case protoreflect.EnumKind:
		if value := f.Enum().Values().ByName(protoreflect.Name(s)); value != nil {
			return pb.AppendUint(out, number, uint64(value.Number())), nil
		}
	default: // integers
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return pb.AppendUint(out, number, uint64(n)), numberError(err, s)
}

func numberError(err error, s string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("want a number, got %.64q", s)
}

// unquote returns the bytes that stand in a string: as they are, in hexadecimal for
// ids, else in base64.
func unquote(f protoreflect.FieldDescriptor, s string) ([]byte, error) {
	switch {
	case f.Kind() == protoreflect.StringKind:
		return []byte(s), nil
	case strings.HasSuffix(string(f.Name()), "_id"):
		raw, err := hex.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("want hexadecimal, got %.64q", s)
		}
		return raw, nil
	default:
		// Both alphabets, padded or not, as protobuf's JSON allows.
		s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
		raw, err := base64.RawStdEncoding.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("want base64: %w", err)
		}
		return raw, nil
	}
}
