// Package pb reads and writes protobuf by field numbers, without generated code.
// What it reads it neither copies nor allocates, whatever sizes it declares.
// Start at Read.
package pb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Message walks the fields of an encoded message:
//
//	for m := pb.Read(b); m.Next(); {
//		switch m.Number { ... m.Bytes() ... }
//	}
//
// A field whose value is not read is skipped. Reading another type than
// the one on the wire ends the walk with an error, as Jaeger's decoder does. An error
// also ends the walks of the parts, and of the message that they are parts of. A copy
// walks on its own from where the original is.
type Message struct {
	// Number is the field's, valid after Next.
	Number int

	rest  []byte
	typ   protowire.Type
	bits  uint64
	bytes []byte
	whole *whole
}

// whole is what a message shares with its parts.
type whole struct {
	err error
	// left is the memory, in bytes, that the parts may still take when they are decoded.
	// Parts without anything in them take 2 bytes on the wire and up to hundreds in
	// memory, so that a message has to earn its parts.
	left int
}

// Read begins to walk b. It gives the message's parts ten times its size. Real ones take
// up to five.
func Read(b []byte) Message { return Message{rest: b, whole: &whole{left: 10*len(b) + 4096}} }

// Part begins to walk the present field, a message.
func (m *Message) Part() Message { return m.Within(m.Bytes()) }

// Within begins to walk b, the Bytes of a part.
func (m *Message) Within(b []byte) Message { return Message{rest: b, whole: m.whole} }

var errHollow = errors.New("there are far more parts than bytes to fill them")

// Spend subtracts the memory of n parts of a size. It returns false after an error.
func (m *Message) Spend(n int, size uintptr) bool {
	if m.whole.left -= n * int(size); m.whole.left < 0 {
		m.Fail(errHollow)
	}
	return m.whole.err == nil
}

// Next goes to the next field. It returns false at the end and after an error.
func (m *Message) Next() bool {
	if len(m.rest) == 0 || m.whole.err != nil {
		return false
	}
	number, typ, n := protowire.ConsumeTag(m.rest)
	if n < 0 {
		return m.fail(protowire.ParseError(n))
	}
	m.Number, m.typ = int(number), typ
	m.rest = m.rest[n:]
	switch typ {
	case protowire.VarintType:
		m.bits, n = protowire.ConsumeVarint(m.rest)
	case protowire.Fixed64Type:
		m.bits, n = protowire.ConsumeFixed64(m.rest)
	case protowire.Fixed32Type:
		var bits uint32
		bits, n = protowire.ConsumeFixed32(m.rest)
		m.bits = uint64(bits)
	case protowire.BytesType:
		m.bytes, n = protowire.ConsumeBytes(m.rest)
	case protowire.StartGroupType:
		m.bytes, n = protowire.ConsumeGroup(number, m.rest)
	case protowire.EndGroupType:
		return m.fail(fmt.Errorf("a group of number %d ends that did not begin", number))
	default:
		return m.fail(fmt.Errorf("field %d has the unknown wire type %d", number, typ))
	}
	if n < 0 {
		return m.fail(protowire.ParseError(n))
	}
	m.rest = m.rest[n:]
	return true
}

func (m *Message) fail(err error) bool {
	m.Fail(err)
	return false
}

// Err returns what ended the walk early, nil at the message's end. It is
// io.ErrUnexpectedEOF when the message is cut short.
func (m *Message) Err() error { return m.whole.err }

// Fail ends the walk with an error; nil leaves it alone.
func (m *Message) Fail(err error) {
	if m.whole.err == nil {
		m.whole.err = err
	}
}

func (m *Message) value(want protowire.Type) []byte {
	if !m.is(want) {
		return nil
	}
	return m.bytes
}

// Bytes returns the present field's bytes, which share memory with the message.
func (m *Message) Bytes() []byte { return m.value(protowire.BytesType) }

// Group returns what stands within the present field, a group, which shares memory
// with the message.
func (m *Message) Group() []byte { return m.value(protowire.StartGroupType) }

// String returns the present field as text; bytes that are no UTF-8 stay as they
// are.
func (m *Message) String() string { return string(m.Bytes()) }

func (m *Message) number(want protowire.Type) uint64 {
	if !m.is(want) {
		return 0
	}
	return m.bits
}

// Uint returns the present field, a varint.
func (m *Message) Uint() uint64 { return m.number(protowire.VarintType) }

// Fixed64 returns the present field, a fixed64.
func (m *Message) Fixed64() uint64 { return m.number(protowire.Fixed64Type) }

// Double returns the present field, a double.
func (m *Message) Double() float64 { return math.Float64frombits(m.Fixed64()) }

// TraceID returns the present field, an id of 16 bytes, as Jaeger's and OpenTelemetry's
// messages have it; none at all is zero.
func (m *Message) TraceID() trace.TraceID {
	if b := m.id("trace id", 16); b != nil {
		return trace.TraceID{High: binary.BigEndian.Uint64(b), Low: binary.BigEndian.Uint64(b[8:])}
	}
	return trace.TraceID{}
}

// SpanID returns the present field, an id of 8 bytes; none at all is zero.
func (m *Message) SpanID() trace.SpanID {
	if b := m.id("span id", 8); b != nil {
		return trace.SpanID(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (m *Message) id(what string, size int) []byte {
	b := m.Bytes()
	if len(b) == size {
		return b
	}
	if len(b) != 0 {
		m.Fail(fmt.Errorf("a %s has %s, want %d", what, plural.Of(len(b), "byte", "bytes"), size))
	}
	return nil
}

func (m *Message) is(want protowire.Type) bool {
	if m.typ != want {
		m.Fail(fmt.Errorf("field %d has wire type %d, want %d", m.Number, m.typ, want))
	}
	return m.whole.err == nil
}

// AppendBytes appends a field of bytes, text or an encoded message.
func AppendBytes[T ~string | ~[]byte](b []byte, number int, value T) []byte {
	b = protowire.AppendTag(b, protowire.Number(number), protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(value)))
	return append(b, value...)
}

// AppendUint appends a varint field.
func AppendUint(b []byte, number int, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, protowire.Number(number), protowire.VarintType), value)
}

// AppendFixed64 appends a fixed64 field.
func AppendFixed64(b []byte, number int, value uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, protowire.Number(number), protowire.Fixed64Type), value)
}

// AppendDouble appends a double field.
func AppendDouble(b []byte, number int, value float64) []byte {
	return AppendFixed64(b, number, math.Float64bits(value))
}
