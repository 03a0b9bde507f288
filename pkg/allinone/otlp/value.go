package otlp

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"unsafe"

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

// readTags reads every KeyValue that a message has under a number, behind first, and
// leaves room for more. It counts first, so as to allocate once.
func readTags(first []trace.Tag, m pb.Message, number, room int) []trace.Tag {
	n := count(m, number)
	if n+len(first)+room == 0 || !m.Spend(n, unsafe.Sizeof(trace.Tag{})) {
		return nil
	}
	tags := append(make([]trace.Tag, 0, n+len(first)+room), first...)
	for m.Next() {
		if m.Number == number {
			key, value := splitKeyValue(m.Part())
			tags = append(tags, trace.Tag{Key: key, Value: decodeValue(m.Within(value))})
		}
	}
	return tags
}

func count(m pb.Message, number int) int {
	n := 0
	for m.Next() {
		if m.Number == number {
			n++
		}
	}
	return n
}

func splitKeyValue(m pb.Message) (key string, value []byte) {
	for m.Next() {
		switch m.Number {
		case keyName:
			key = m.String()
		case keyValue:
			value = m.Bytes()
		}
	}
	return key, value
}

// decodeValue reads an AnyValue. Arrays and maps become their JSON, which is all
// that Jaeger's model can hold of them; none at all is the empty string.
func decodeValue(m pb.Message) trace.Value {
	var value trace.Value
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
			value = trace.String(string(appendArray(nil, m.Part(), 1)))
		case valueList:
			value = trace.String(string(appendObject(nil, m.Part(), 1)))
		}
	}
	return value
}

// appendJSON appends an AnyValue as JSON. What JSON has no number for is text.
func appendJSON(text []byte, m pb.Message, depth int) []byte {
	start := len(text)
	for m.Next() {
		switch m.Number {
		case valueString:
			text = appendLeaf(text[:start], m.String())
		case valueBool:
			text = strconv.AppendBool(text[:start], m.Uint() != 0)
		case valueInt:
			text = strconv.AppendInt(text[:start], int64(m.Uint()), 10)
		case valueDouble:
			text = appendNumber(text[:start], m.Double())
		case valueBytes:
			text = appendLeaf(text[:start], m.Bytes())
		case valueArray:
			text = appendArray(text[:start], m.Part(), depth+1)
		case valueList:
			text = appendObject(text[:start], m.Part(), depth+1)
		}
	}
	if len(text) == start {
		text = append(text, "null"...)
	}
	return text
}

func appendArray(text []byte, m pb.Message, depth int) []byte {
	if depth > maxDepth {
		m.Fail(errTooDeep)
	}
	text = append(text, '[')
	comma := ""
	for m.Next() {
		if m.Number == values {
			text = appendJSON(append(text, comma...), m.Part(), depth)
			comma = ","
		}
	}
	return append(text, ']')
}

// appendObject sorts the keys, and of equal ones keeps the last, as encoding a
// map does.
func appendObject(text []byte, m pb.Message, depth int) []byte {
	if depth > maxDepth {
		m.Fail(errTooDeep)
	}
	type member struct {
		key   string
		value []byte
	}
	members := make([]member, 0, count(m, values))
	for m.Next() {
		if m.Number == values {
			key, value := splitKeyValue(m.Part())
			members = append(members, member{key, value})
		}
	}
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.key, b.key) })
	text = append(text, '{')
	comma := ""
	for i, one := range members {
		if i+1 < len(members) && members[i+1].key == one.key {
			continue
		}
		text = append(appendLeaf(append(text, comma...), one.key), ':')
		text = appendJSON(text, m.Within(one.value), depth)
		comma = ","
	}
	return append(text, '}')
}

func appendNumber(text []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendLeaf(text, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return appendLeaf(text, f)
}

// appendLeaf leaves the escapes and the form of numbers to encoding/json, as
// Jaeger does; it cannot fail on text, bytes and finite numbers.
func appendLeaf(text []byte, leaf any) []byte {
	encoded, _ := json.Marshal(leaf)
	return append(text, encoded...)
}
