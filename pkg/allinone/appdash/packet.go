package appdash

import (
	"errors"
	"io"
	"unsafe"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
)

// MaxPacket bounds a packet in bytes, as Appdash's own collector does.
const MaxPacket = 1 << 20

// The fields of CollectPacket, and those of its groups (collector.proto).
const (
	packetSpanID     = 1
	spanIDTrace      = 2
	spanIDSpan       = 3
	spanIDParent     = 4
	packetAnnotation = 5
	annotationKey    = 6
	annotationValue  = 7
)

// SpanID identifies the span of a packet; Parent is 0 for a root.
type SpanID struct {
	Trace, Span, Parent uint64
}

// Annotation is a property of a span.
type Annotation struct {
	Key, Value string
}

// Packet has some of a span's annotations, or all.
type Packet struct {
	ID          SpanID
	Annotations []Annotation
}

// DecodePacket reads a CollectPacket, without the length before it. It keeps nothing
// of the input and allocates at most some ten times its size. The error is a
// *ingest.Fault.
func DecodePacket(b []byte) (Packet, error) {
	var p Packet
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case packetSpanID:
			m.Fail(p.ID.read(m.Group()))
		case packetAnnotation:
			m.Spend(1, unsafe.Sizeof(Annotation{}))
			a, err := readAnnotation(m.Group())
			m.Fail(err)
			p.Annotations = append(p.Annotations, a)
		}
	}
	switch err := m.Err(); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Packet{}, &ingest.Fault{Reason: ingest.Truncated}
	case err != nil:
		return Packet{}, &ingest.Fault{Reason: ingest.Malformed, Detail: err.Error()}
	case p.ID.Trace == 0 || p.ID.Span == 0:
		return Packet{}, &ingest.Fault{Reason: ingest.Incomplete, Detail: "a packet names no span"}
	}
	return p, nil
}

func (id *SpanID) read(group []byte) error {
	m := pb.Read(group)
	for m.Next() {
		switch m.Number {
		case spanIDTrace:
			id.Trace = m.Fixed64()
		case spanIDSpan:
			id.Span = m.Fixed64()
		case spanIDParent:
			id.Parent = m.Fixed64()
		}
	}
	return m.Err()
}

func readAnnotation(group []byte) (Annotation, error) {
	var a Annotation
	m := pb.Read(group)
	for m.Next() {
		switch m.Number {
		case annotationKey:
			a.Key = m.String()
		case annotationValue:
			a.Value = m.String()
		}
	}
	return a, m.Err()
}
