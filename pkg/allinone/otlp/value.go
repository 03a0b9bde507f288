package otlp

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

// maxDepth bounds values inside values, as protobuf's decoders do by default.
const maxDepth = 100

var errTooDeep = errors.New("values are nested more than 100 deep")

// The fields of AnyValue, ArrayValue, KeyValueList and KeyValue
// (opentelemetry/proto/common/v1/common.proto).
const (
	valueString = 1
	valueBool   = 2
	valueInt    = 3
	valueDouble = 4
	valueArray  = 5
	valueList   = 6
	valueBytes  = 7

	values = 1

	keyName  = 1
	keyValue = 2
)

// appendTags appends every KeyValue that a message has under a number.
func appendTags(tags []trace.Tag, b []byte, number int) ([]trace.Tag, error) {
	m := pb.Read(b)
	for m.Next() {
		if m.Number == number {
			var err error
			tags, err = appendTag(tags, m.Bytes())
			m.Fail(err)
		}
	}
	return tags, m.Err()
}

// appendTag appends a KeyValue to tags.
func appendTag(tags []trace.Tag, keyValue []byte) ([]trace.Tag, error) {
	key, raw, err := splitKeyValue(keyValue)
	if err != nil {
		return tags, err
	}
	value, err := decodeValue(raw)
	if err != nil {
		return tags, err
	}
	return append(tags, trace.Tag{Key: key, Value: value}), nil
}

func splitKeyValue(b []byte) (key string, value []byte, err error) {
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case keyName:
			key = m.String()
		case keyValue:
			value = m.Bytes()
		}
	}
	return key, value, m.Err()
}

// decodeValue reads an AnyValue. Arrays and maps become their JSON, which is all
// that Jaeger's model can hold of them; none at all is the empty string.
func decodeValue(b []byte) (trace.Value, error) {
	var value trace.Value
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case valueString:
			value = trace.String(m.String())
		case valueBool:
			value = trace.Bool(m.Uint() != 0)
		case valueInt:
			value = trace.Int64(int64(m.Uint()))
		case valueDouble:
			value = trace.Float64(m.Double())
		case valueBytes:
			value = trace.Binary(m.Bytes())
		case valueArray:
			text, err := appendArray(nil, m.Bytes(), 1)
			m.Fail(err)
			value = trace.String(string(text))
		case valueList:
			text, err := appendObject(nil, m.Bytes(), 1)
			m.Fail(err)
			value = trace.String(string(text))
		}
	}
	return value, m.Err()
}

// appendJSON appends an AnyValue as JSON. What JSON has no number for is text.
func appendJSON(text, b []byte, depth int) ([]byte, error) {
	start := len(text)
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case valueString:
			text = appendString(text[:start], m.String())
		case valueBool:
			text = strconv.AppendBool(text[:start], m.Uint() != 0)
		case valueInt:
			text = strconv.AppendInt(text[:start], int64(m.Uint()), 10)
		case valueDouble:
			text = appendNumber(text[:start], m.Double())
		case valueBytes:
			text = appendLeaf(text[:start], m.Bytes())
		case valueArray:
			var err error
			text, err = appendArray(text[:start], m.Bytes(), depth+1)
			m.Fail(err)
		case valueList:
			var err error
			text, err = appendObject(text[:start], m.Bytes(), depth+1)
			m.Fail(err)
		}
	}
	if len(text) == start {
		text = append(text, "null"...)
	}
	return text, m.Err()
}

func appendArray(text, b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return text, errTooDeep
	}
	text = append(text, '[')
	first := true
	m := pb.Read(b)
	for m.Next() {
		if m.Number != values {
			continue
		}
		if !first {
			text = append(text, ',')
		}
		first = false
		var err error
		text, err = appendJSON(text, m.Bytes(), depth)
		m.Fail(err)
	}
	return append(text, ']'), m.Err()
}

// appendObject sorts the keys, and of equal ones keeps the last, as encoding a
// map does.
func appendObject(text, b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return text, errTooDeep
	}
	type member struct {
		key   string
		value []byte
	}
	members := make([]member, 0, count(b, values))
	m := pb.Read(b)
	for m.Next() {
		if m.Number == values {
			key, value, err := splitKeyValue(m.Bytes())
			m.Fail(err)
			members = append(members, member{key, value})
		}
	}
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.key, b.key) })
	text = append(text, '{')
	first := true
	for i, one := range members {
		if i+1 < len(members) && members[i+1].key == one.key {
			continue
		}
		if !first {
			text = append(text, ',')
		}
		first = false
		text = append(appendString(text, one.key), ':')
		var err error
		text, err = appendJSON(text, one.value, depth)
		m.Fail(err)
	}
	return append(text, '}'), m.Err()
}

func appendString(text []byte, s string) []byte { return appendLeaf(text, s) }

func appendNumber(text []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendString(text, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return appendLeaf(text, f)
}

// appendLeaf leaves the escapes and the form of numbers to encoding/json, as
// Jaeger does; it cannot fail on text, bytes and finite numbers.
func appendLeaf(text []byte, leaf any) []byte {
	encoded, _ := json.Marshal(leaf)
	return append(text, encoded...)
}
