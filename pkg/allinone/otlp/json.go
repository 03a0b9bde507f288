package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
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
	scan, err := newScanner(body)
	if err != nil {
		return nil, fmt.Errorf("read OTLP's JSON: %w", err)
	}
	t := transcoder{scan}
	out, err := t.request(make([]byte, 0, len(body)/2))
	if err != nil {
		return nil, fmt.Errorf("read OTLP's JSON: %w", err)
	}
	return out, nil
}

// maxJSONDepth accepts what Decode accepts: a map in a map is three objects
// deeper.
const maxJSONDepth = 4 * maxDepth

// transcoder appends what it reads as JSON to protobuf.
type transcoder struct {
	*scanner
}

func (t *transcoder) request(out []byte) ([]byte, error) {
	token, err := t.token()
	if err != nil {
		return out, err
	}
	if token != json.Delim('{') {
		return out, errors.New("want an object")
	}
	return t.object(out, (*coltracepb.ExportTraceServiceRequest)(nil).ProtoReflect().Descriptor(), 0)
}

func (t *transcoder) object(out []byte, kind protoreflect.MessageDescriptor, depth int) ([]byte, error) {
	if depth > maxJSONDepth {
		return out, errTooDeep
	}
	for {
		name, ok, err := t.key()
		if !ok || err != nil {
			return out, err
		}
		if out, err = t.member(out, fieldOf(kind, name), depth); err != nil {
			return out, fmt.Errorf("%.64s: %w", name, err)
		}
	}
}

// fieldOf returns the field of a name in lowerCamelCase or snake_case; nil for what is
// unknown, and for the counts, flags and indexes of 32 bits, which Decode does not read.
func fieldOf(kind protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	switch name { // before OTLP 0.15; see resourceLibraries
	case "instrumentationLibrarySpans", "instrumentation_library_spans":
		name = "scopeSpans"
	case "instrumentationLibrary", "instrumentation_library":
		name = "scope"
	}
	f := kind.Fields().ByJSONName(name)
	if f == nil {
		f = kind.Fields().ByTextName(name)
	}
	if f == nil || slices.Contains([]protoreflect.Kind{protoreflect.Int32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind}, f.Kind()) {
		return nil
	}
	return f
}

// member reads a member's value, of which null is none.
func (t *transcoder) member(out []byte, f protoreflect.FieldDescriptor, depth int) ([]byte, error) {
	if f == nil {
		t.skip()
		return out, nil
	}
	token, err := t.token()
	switch {
	case err != nil, token == nil:
		return out, err
	case !f.IsList():
		return t.element(out, f, token, depth)
	case token != json.Delim('['):
		return out, errors.New("want an array")
	}
	for {
		if token, err = t.token(); err != nil || token == json.Delim(']') {
			return out, err
		}
		if out, err = t.element(out, f, token, depth); err != nil {
			return out, err
		}
	}
}

func (t *transcoder) element(out []byte, f protoreflect.FieldDescriptor, token json.Token, depth int) ([]byte, error) {
	switch f.Kind() {
	case protoreflect.MessageKind:
		if token != json.Delim('{') {
			return out, errors.New("want an object")
		}
		start := len(out)
		out, err := t.object(out, f.Message(), depth+1)
		head := protowire.AppendTag(nil, f.Number(), protowire.BytesType)
		head = protowire.AppendVarint(head, uint64(len(out)-start))
		return slices.Insert(out, start, head...), err
	case protoreflect.BoolKind:
		b, ok := token.(bool)
		if !ok {
			return out, fmt.Errorf("want true or false, got %v", token)
		}
		return pb.AppendUint(out, int(f.Number()), protowire.EncodeBool(b)), nil
	default: // below
	}
	switch token := token.(type) {
	case string:
		return appendScalar(out, f, token, true)
	case json.Number:
		return appendScalar(out, f, token.String(), false)
	}
	return out, fmt.Errorf("want text or a number, got %v", token)
}

var (
	errNoText   = errors.New("want text, got a number")
	errNoNumber = errors.New("want a number")
)

// appendScalar appends a field of text or of a number, which may be quoted.
func appendScalar(out []byte, f protoreflect.FieldDescriptor, s string, quoted bool) ([]byte, error) {
	number := int(f.Number())
	switch f.Kind() {
	case protoreflect.StringKind, protoreflect.BytesKind:
		if !quoted {
			return out, errNoText
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
	return fmt.Errorf("%w, got %.64q", errNoNumber, s)
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
