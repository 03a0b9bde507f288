// Package pb reads and writes protobuf by field numbers, without generated code.
// What it reads it neither copies nor allocates, whatever sizes it declares.
// Start at Read.
package pb

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Message walks the fields of an encoded message:
//
//	for m := pb.Read(b); m.Next(); {
//		switch m.Number { ... m.Bytes() ... }
//	}
//
// A field whose value is not read is skipped. Reading another type than
// the one on the wire ends the walk with an error, as Jaeger's decoder does.
type Message struct {
	// Number is the field's, valid after Next.
	Number int

	rest  []byte
	typ   protowire.Type
	bits  uint64
	bytes []byte
	err   error
}

// Read begins to walk b.
func Read(b []byte) *Message { return &Message{rest: b} }

// Next goes to the next field. It returns false at the end and after an error.
func (m *Message) Next() bool {
	if m.err != nil || len(m.rest) == 0 {
		return false
	}
	number, typ, n := protowire.ConsumeTag(m.rest)
	if n < 0 {
		return m.fail(n)
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
		m.err = fmt.Errorf("a group of number %d ends that did not begin", number)
		return false
	default:
		m.err = fmt.Errorf("field %d has the unknown wire type %d", number, typ)
		return false
	}
	if n < 0 {
		return m.fail(n)
	}
	m.rest = m.rest[n:]
	return true
}

func (m *Message) fail(code int) bool {
	m.err = protowire.ParseError(code)
	return false
}

// Err returns what ended the walk early, nil at the message's end. It is
// io.ErrUnexpectedEOF when the message is cut short.
func (m *Message) Err() error { return m.err }

// Fail ends the walk with the error of a part; nil leaves it alone.
func (m *Message) Fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// Bytes returns the present field's bytes, which share memory with the message.
func (m *Message) Bytes() []byte {
	if !m.is(protowire.BytesType) {
		return nil
	}
	return m.bytes
}

// Group returns what stands within the present field, a group, which shares memory
// with the message.
func (m *Message) Group() []byte {
	if !m.is(protowire.StartGroupType) {
		return nil
	}
	return m.bytes
}

// String returns the present field as text; bytes that are no UTF-8 stay as they
// are.
func (m *Message) String() string { return string(m.Bytes()) }

// Uint returns the present field, a varint.
func (m *Message) Uint() uint64 {
	if !m.is(protowire.VarintType) {
		return 0
	}
	return m.bits
}

// Fixed64 returns the present field, a fixed64.
func (m *Message) Fixed64() uint64 {
	if !m.is(protowire.Fixed64Type) {
		return 0
	}
	return m.bits
}

// Double returns the present field, a double.
func (m *Message) Double() float64 { return math.Float64frombits(m.Fixed64()) }

func (m *Message) is(want protowire.Type) bool {
	if m.typ != want {
		m.Fail(fmt.Errorf("field %d has wire type %d, want %d", m.Number, m.typ, want))
	}
	return m.err == nil
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
