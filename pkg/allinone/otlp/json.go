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

	"google.golang.org/protobuf/encoding/protowire"

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
	return t.object(out, inRequest, 0)
}

// object reads an object's members after its opening brace.
func (t *transcoder) object(out []byte, kind message, depth int) ([]byte, error) {
	if depth > maxJSONDepth {
		return out, errTooDeep
	}
	for {
		name, ok, err := t.key()
		if !ok || err != nil {
			return out, err
		}
		f := schema[kind][camel(name)]
		if out, err = t.member(out, f, depth); err != nil {
			return out, fmt.Errorf("%.64s: %w", name, err)
		}
	}
}

// camel returns a name as JSON has it, of one as protobuf has it.
func camel(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	var b strings.Builder
	for i, part := range strings.Split(name, "_") {
		if i > 0 && part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}

// member reads a member's value, of which null is none.
func (t *transcoder) member(out []byte, f field, depth int) ([]byte, error) {
	if f.number == 0 {
		t.skip()
		return out, nil
	}
	token, err := t.token()
	switch {
	case err != nil, token == nil:
		return out, err
	case f.encoding != asList:
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

// element appends a value that begins with token as a field.
func (t *transcoder) element(out []byte, f field, token json.Token, depth int) ([]byte, error) {
	if f.encoding == asMessage || f.encoding == asList {
		if token != json.Delim('{') {
			return out, errors.New("want an object")
		}
		start := len(out)
		out, err := t.object(out, f.message, depth+1)
		head := protowire.AppendTag(nil, protowire.Number(f.number), protowire.BytesType)
		head = protowire.AppendVarint(head, uint64(len(out)-start))
		return slices.Insert(out, start, head...), err
	}
	if f.encoding == asBool {
		b, ok := token.(bool)
		if !ok {
			return out, fmt.Errorf("want true or false, got %v", token)
		}
		return pb.AppendUint(out, f.number, protowire.EncodeBool(b)), nil
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
func appendScalar(out []byte, f field, s string, quoted bool) ([]byte, error) {
	switch f.encoding {
	case asText, asHex, asBase64:
		if !quoted {
			return out, errNoText
		}
		raw, err := unquote(f.encoding, s)
		return pb.AppendBytes(out, f.number, raw), err
	case asDouble:
		n, err := strconv.ParseFloat(s, 64)
		return pb.AppendDouble(out, f.number, n), numberError(err, s)
	case asNanos:
		n, err := strconv.ParseUint(s, 10, 64)
		return pb.AppendFixed64(out, f.number, n), numberError(err, s)
	case asKind:
		if i := slices.Index(spanKinds(), s); i >= 0 {
			return pb.AppendUint(out, f.number, uint64(i)), nil
		}
	case asStatus:
		if i := slices.Index(statusCodes(), s); i >= 0 {
			return pb.AppendUint(out, f.number, uint64(i)), nil
		}
	default: // integers
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return pb.AppendUint(out, f.number, uint64(n)), numberError(err, s)
}

func numberError(err error, s string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w, got %.64q", errNoNumber, s)
}

// unquote returns the bytes that stand in a string.
func unquote(e encoding, s string) ([]byte, error) {
	switch e {
	case asHex:
		raw, err := hex.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("want hexadecimal, got %.64q", s)
		}
		return raw, nil
	case asBase64:
		// Both alphabets, padded or not, as protobuf's JSON allows.
		s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
		raw, err := base64.RawStdEncoding.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("want base64: %w", err)
		}
		return raw, nil
	default:
		return []byte(s), nil
	}
}
