package pb

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestReadsWhatItAppends(t *testing.T) {
	t.Parallel()
	b := AppendBytes(nil, 1, "text")
	b = AppendUint(b, 2, math.MaxUint64)
	b = AppendFixed64(b, 3, 7)
	b = AppendDouble(b, 4, 0.5)
	b = AppendBytes(b, 99, []byte("nobody asks for this"))
	b = appendGroup(b, 98, appendGroup(nil, 97, AppendUint(nil, 1, 1)))
	b = appendGroup(b, 5, AppendUint(nil, 6, 8))
	b = AppendUint(b, 2, 1)
	var text string
	var uints []uint64
	var fixed, inGroup uint64
	var double float64
	m := Read(b)
	for m.Next() {
		switch m.Number {
		case 1:
			text = m.String()
		case 2:
			uints = append(uints, m.Uint())
		case 3:
			fixed = m.Fixed64()
		case 4:
			double = m.Double()
		case 5:
			for group := Read(m.Group()); group.Next(); {
				inGroup += group.Uint()
			}
		}
	}
	if err := m.Err(); err != nil {
		t.Fatal(err)
	}
	if text != "text" || len(uints) != 2 || uints[0] != math.MaxUint64 || uints[1] != 1 || fixed != 7 || double != 0.5 || inGroup != 8 {
		t.Errorf("got %q, %d, %d, %v, %d in the group", text, uints, fixed, double, inGroup)
	}
}

func TestRefusesBrokenMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		message []byte
		want    string
	}{
		{"cut short", AppendBytes(nil, 1, "text")[:4], io.ErrUnexpectedEOF.Error()},
		{"a length beyond all", []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f}, io.ErrUnexpectedEOF.Error()},
		{"a number instead of text", AppendUint(nil, 1, 5), "field 1 has wire type 0, want 2"},
		{"field 0", []byte{0x02, 0x00}, "invalid field number"},
		{"a varint without end", bytes.Repeat([]byte{0xff}, 20), "overflow"},
		{"a group without end", protowire.AppendTag(nil, 1, protowire.StartGroupType), io.ErrUnexpectedEOF.Error()},
		{"a group that another ends", append(protowire.AppendTag(nil, 1, protowire.StartGroupType), appendGroup(nil, 2, nil)[1:]...), "mismatching end group"},
		{"the end of no group", protowire.AppendTag(nil, 1, protowire.EndGroupType), "did not begin"},
		{"a group instead of text", appendGroup(nil, 1, nil), "field 1 has wire type 3, want 2"},
		{"wire type 7", []byte{0x0f}, "wire type 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := Read(tt.message)
			for m.Next() {
				if m.Number == 1 {
					_ = m.Bytes()
				}
			}
			if err := m.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
			if m.Next() {
				t.Error("it goes on after an error")
			}
		})
	}
}

func TestFailEndsTheWalk(t *testing.T) {
	t.Parallel()
	first := errors.New("first")
	m := Read(AppendUint(AppendUint(nil, 1, 1), 2, 2))
	for m.Next() {
		if m.Number == 2 {
			t.Error("it goes on after the error of a part")
		}
		m.Fail(nil)
		m.Fail(first)
		m.Fail(errors.New("second"))
	}
	if err := m.Err(); !errors.Is(err, first) {
		t.Errorf("got %v, want the first error", err)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for n := range 20 {
		field := AppendBytes(nil, 1, bytes.Repeat([]byte{0x11}, n))
		m := Read(field)
		m.Next()
		trace := m.TraceID()
		if ok := m.Err() == nil; ok != (n == 0 || n == 16) || trace.IsZero() != (n != 16) {
			t.Errorf("trace id of %d bytes: got %v, %v", n, trace, m.Err())
		}
		m = Read(field)
		m.Next()
		span := m.SpanID()
		if ok := m.Err() == nil; ok != (n == 0 || n == 8) || (span == 0) != (n != 8) {
			t.Errorf("span id of %d bytes: got %v, %v", n, span, m.Err())
		}
	}
}

// A part shares its error, and the memory that it takes, with the message around it.
func TestParts(t *testing.T) {
	t.Parallel()
	inner := AppendBytes(AppendUint(nil, 1, 7), 1, "x")
	for _, tt := range []struct {
		name string
		read func(*Message)
		want string
	}{
		{"good", func(part *Message) { part.Spend(4096, 1) }, ""},
		{"an error", func(part *Message) { part.Fail(io.EOF) }, "EOF"},
		{"another type", func(part *Message) { part.Next(); part.Next(); part.Uint() }, "field 1 has wire type 2, want 0"},
		{"hollow", func(part *Message) { part.Spend(1<<20, 1) }, errHollow.Error()},
	} {
		m := Read(AppendBytes(AppendBytes(nil, 1, inner), 2, inner))
		m.Next()
		part := m.Part()
		tt.read(&part)
		got := ""
		if err := m.Err(); err != nil {
			got = err.Error()
		}
		if got != tt.want || m.Next() != (tt.want == "") || part.Spend(1, 1) != (tt.want == "") {
			t.Errorf("%s: got error %q, want %q and nothing to go on", tt.name, got, tt.want)
		}
	}
}

// FuzzRead walks anything without a panic, and never beyond what is there.
func FuzzRead(f *testing.F) {
	f.Add(AppendBytes(AppendUint(nil, 2, 5), 1, "text"))
	f.Fuzz(func(t *testing.T, message []byte) {
		total := 0
		m := Read(message)
		for m.Next() {
			if m.typ == protowire.BytesType {
				total += len(m.Bytes())
			}
		}
		if total > len(message) {
			t.Errorf("%d bytes in a message of %d", total, len(message))
		}
	})
}

// appendGroup appends a group with the fields that are encoded in value.
func appendGroup(b []byte, number int, value []byte) []byte {
	b = protowire.AppendTag(b, protowire.Number(number), protowire.StartGroupType)
	return protowire.AppendTag(append(b, value...), protowire.Number(number), protowire.EndGroupType)
}
