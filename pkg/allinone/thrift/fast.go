package thrift

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/uber/jaeger-client-go/thrift"
)

// fastReader reads values of a message as Jaeger's clients write them: each field known
// and of its type, in rising order. For anything else it falls back without an error:
// then thrift's generated code reads the message, which takes 3 times as long, but skips
// unknown fields and has Jaeger's words for a fault.
//
// After it fell back nothing is left to read, and every struct ends. Each method
// branches by the protocol, which costs less than calls through an interface.
type fastReader struct {
	buf       []byte // what is left to read
	compact   bool   // the protocol; else the binary one
	boolValue bool   // of the boolean field whose header was read last, if compact
	fellBack  bool
}

func (p *fastReader) fallBack() {
	p.fellBack = true
	p.buf = nil
}

// take reads n bytes without a copy.
func (p *fastReader) take(n uint64) []byte {
	if n > uint64(len(p.buf)) {
		p.fallBack()
		return nil
	}
	b := p.buf[:n]
	p.buf = p.buf[n:]
	return b
}

func (p *fastReader) byte() byte {
	if len(p.buf) == 0 {
		p.fallBack()
		return 0
	}
	b := p.buf[0]
	p.buf = p.buf[1:]
	return b
}

func (p *fastReader) varint() uint64 {
	v, n := binary.Uvarint(p.buf)
	if n <= 0 {
		p.fallBack()
		return 0
	}
	p.buf = p.buf[n:]
	return v
}

// fixed32 and fixed64 read big-endian numbers.
func (p *fastReader) fixed32() uint32 {
	if len(p.buf) < 4 {
		p.fallBack()
		return 0
	}
	v := binary.BigEndian.Uint32(p.buf)
	p.buf = p.buf[4:]
	return v
}

func (p *fastReader) fixed64() uint64 {
	if len(p.buf) < 8 {
		p.fallBack()
		return 0
	}
	v := binary.BigEndian.Uint64(p.buf)
	p.buf = p.buf[8:]
	return v
}

// method reads the header of a message and returns the method that is called. Any type
// of message will do, as it does for Jaeger.
func (p *fastReader) method() []byte {
	if p.compact {
		id, kind := p.byte(), p.byte()
		if id != thrift.COMPACT_PROTOCOL_ID || kind&thrift.COMPACT_VERSION_MASK != thrift.COMPACT_VERSION {
			p.fallBack()
		}
		p.varint() // the number of the message
		return p.text(thrift.STRING)
	}
	if p.fixed32()&thrift.VERSION_MASK != thrift.VERSION_1 {
		p.fallBack()
	}
	name := p.text(thrift.STRING)
	p.fixed32() // the number of the message
	return name
}

// field reads the header of the field that follows the one with the id last, which
// is 0 at first. At the end of the struct it returns 0.
func (p *fastReader) field(last int) (id int, t thrift.TType) {
	first := p.byte()
	if p.compact {
		t = compactTypes[first&0x0f]
		p.boolValue = first&0x0f == thrift.COMPACT_BOOLEAN_TRUE
		id = last + int(first>>4)
	} else if t = thrift.TType(first); t != thrift.STOP && len(p.buf) >= 2 {
		id = int(binary.BigEndian.Uint16(p.buf))
		p.buf = p.buf[2:]
	}
	switch {
	case first == thrift.STOP:
		return 0, t
	case id <= last:
		p.fallBack()
		return 0, t
	default:
		return id, t
	}
}

// expect refuses a type other than the one that is wanted.
func (p *fastReader) expect(want, t thrift.TType) {
	if t != want {
		p.fallBack()
	}
}

func (p *fastReader) i64(t thrift.TType) int64 {
	p.expect(thrift.I64, t)
	if p.compact {
		v := p.varint()
		return int64(v>>1) ^ -int64(v&1)
	}
	return int64(p.fixed64())
}

func (p *fastReader) i32(t thrift.TType) int32 {
	p.expect(thrift.I32, t)
	if p.compact {
		v := uint32(p.varint())
		return int32(v>>1) ^ -int32(v&1)
	}
	return int32(p.fixed32())
}

func (p *fastReader) double(t thrift.TType) float64 {
	p.expect(thrift.DOUBLE, t)
	n := p.fixed64()
	if p.compact { // little-endian
		n = bits.ReverseBytes64(n)
	}
	return math.Float64frombits(n)
}

func (p *fastReader) bool(t thrift.TType) bool {
	p.expect(thrift.BOOL, t)
	if p.compact {
		return p.boolValue
	}
	return p.byte() == 1
}

// text reads a string or bytes without a copy.
func (p *fastReader) text(t thrift.TType) []byte {
	p.expect(thrift.STRING, t)
	if p.compact {
		return p.take(p.varint())
	}
	return p.take(uint64(p.fixed32()))
}

// list reads the header of a list and returns how many structs follow. Each takes
// at least so many bytes, which bounds what a list can make us allocate.
func (p *fastReader) list(t thrift.TType, least int) int {
	p.expect(thrift.LIST, t)
	var kind thrift.TType
	var n uint64
	if header := p.byte(); p.compact {
		kind, n = compactTypes[header&0x0f], uint64(header>>4)
		if n == 15 { // the count follows
			n = p.varint()
		}
	} else {
		kind, n = thrift.TType(header), uint64(p.fixed32())
	}
	p.expect(thrift.STRUCT, kind)
	if n > uint64(len(p.buf)/least) {
		p.fallBack()
		return 0
	}
	return int(n)
}

// compactTypes are thrift's types by those of the compact protocol, STOP for unknown
// ones. The type of a boolean field is its value.
//
//nolint:gochecknoglobals // a table
var compactTypes = [16]thrift.TType{
	thrift.COMPACT_BOOLEAN_TRUE: thrift.BOOL, thrift.COMPACT_BOOLEAN_FALSE: thrift.BOOL,
	thrift.COMPACT_BYTE: thrift.BYTE, thrift.COMPACT_I16: thrift.I16, thrift.COMPACT_I32: thrift.I32, thrift.COMPACT_I64: thrift.I64,
	thrift.COMPACT_DOUBLE: thrift.DOUBLE, thrift.COMPACT_BINARY: thrift.STRING,
	thrift.COMPACT_LIST: thrift.LIST, thrift.COMPACT_SET: thrift.SET, thrift.COMPACT_MAP: thrift.MAP, thrift.COMPACT_STRUCT: thrift.STRUCT,
}
