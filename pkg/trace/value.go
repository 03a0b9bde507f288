package trace

import (
	"encoding/hex"
	"math"
	"strconv"
)

// Tag is a named value on a span, a process or a log entry.
type Tag struct {
	Key   string
	Value Value
}

// Kind is the type of a tag's value.
type Kind uint8

// The kinds of Jaeger's model.
const (
	KindString Kind = iota
	KindBool
	KindInt64
	KindFloat64
	KindBinary
)

// String returns the name Jaeger's JSON uses in a tag's "type".
func (k Kind) String() string { return [...]string{"string", "bool", "int64", "float64", "binary"}[k] }

// Value is a tag's value. It holds any kind without an allocation of its own,
// since a store keeps millions of them. The zero Value is the empty string.
type Value struct {
	kind Kind
	num  uint64
	str  string
}

// String makes a value of a string.
func String(s string) Value { return Value{kind: KindString, str: s} }

// Bool makes a value of a bool.
func Bool(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.num = 1
	}
	return v
}

// Int64 makes a value of an integer.
func Int64(n int64) Value { return Value{kind: KindInt64, num: uint64(n)} }

// Float64 makes a value of a floating-point number.
func Float64(f float64) Value { return Value{kind: KindFloat64, num: math.Float64bits(f)} }

// Binary makes a value of bytes, which it copies.
func Binary(b []byte) Value { return Value{kind: KindBinary, str: string(b)} }

// Kind returns the type of v.
func (v Value) Kind() Kind { return v.kind }

// Bool returns a bool value; other kinds give false.
func (v Value) Bool() bool { return v.kind == KindBool && v.num == 1 }

// Int64 returns an integer value; other kinds give 0.
func (v Value) Int64() int64 {
	if v.kind != KindInt64 {
		return 0
	}
	return int64(v.num)
}

// Float64 returns a floating-point value; other kinds give 0.
func (v Value) Float64() float64 {
	if v.kind != KindFloat64 {
		return 0
	}
	return math.Float64frombits(v.num)
}

// Bytes returns a copy of a binary value; other kinds give nil.
func (v Value) Bytes() []byte {
	if v.kind != KindBinary {
		return nil
	}
	return []byte(v.str)
}

// String returns the value as text, whatever its kind; bytes are hexadecimal.
// This is also the form that Jaeger's tag search compares.
func (v Value) String() string {
	switch v.kind {
	case KindBool:
		return strconv.FormatBool(v.num == 1)
	case KindInt64:
		return strconv.FormatInt(int64(v.num), 10)
	case KindFloat64:
		return strconv.FormatFloat(math.Float64frombits(v.num), 'g', 10, 64)
	case KindBinary:
		return hex.EncodeToString([]byte(v.str))
	case KindString:
	}
	return v.str
}

// Size returns the bytes that v holds outside its own struct.
func (v Value) Size() int { return len(v.str) }
