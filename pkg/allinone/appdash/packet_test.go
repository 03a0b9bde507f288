package appdash

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
)

// encode writes a packet as Appdash's client does.
func encode(p Packet) []byte {
	id := pb.AppendFixed64(nil, spanIDTrace, p.ID.Trace)
	id = pb.AppendFixed64(id, spanIDSpan, p.ID.Span)
	id = pb.AppendFixed64(id, spanIDParent, p.ID.Parent)
	b := appendGroup(nil, packetSpanID, id)
	for _, a := range p.Annotations {
		group := pb.AppendBytes(nil, annotationKey, a.Key)
		b = appendGroup(b, packetAnnotation, pb.AppendBytes(group, annotationValue, a.Value))
	}
	return b
}

func TestDecodePacket(t *testing.T) {
	t.Parallel()
	want := Packet{
		ID:          SpanID{Trace: 1, Span: 1 << 63, Parent: 3},
		Annotations: []Annotation{{"Name", "op"}, {"_schema:name", ""}, {"bytes", "\xff\x00"}},
	}
	b := encode(want)
	got, err := DecodePacket(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b) // it must have kept nothing of the input
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packet (-want +got):\n%s", diff)
	}
}

func TestDecodePacketFaults(t *testing.T) {
	t.Parallel()
	good := encode(Packet{ID: SpanID{Trace: 1, Span: 2}, Annotations: []Annotation{{"key", "value"}}})
	hollow := encode(Packet{ID: SpanID{Trace: 1, Span: 2}})
	for range 100_000 {
		hollow = appendGroup(hollow, packetAnnotation, nil)
	}
	tests := []struct {
		name   string
		packet []byte
		want   ingest.Reason
	}{
		{"empty", nil, ingest.Incomplete},
		{"cut short", good[:len(good)-3], ingest.Truncated},
		{"no span", encode(Packet{ID: SpanID{Trace: 1}}), ingest.Incomplete},
		{"no trace", encode(Packet{ID: SpanID{Span: 1}}), ingest.Incomplete},
		{"no span id at all", appendGroup(nil, packetAnnotation, nil), ingest.Incomplete},
		{"a text instead of a group", pb.AppendBytes(nil, packetSpanID, "x"), ingest.Malformed},
		{"a number instead of an id", appendGroup(nil, packetSpanID, pb.AppendUint(nil, spanIDTrace, 1)), ingest.Malformed},
		{"annotations without anything in them", hollow, ingest.Malformed},
		{"text", []byte("GET / HTTP/1.1"), ingest.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := DecodePacket(tt.packet)
			if err == nil {
				t.Fatalf("it was taken for %+v", got.ID)
			}
			if reason := ingest.ReasonOf(err); reason != tt.want {
				t.Errorf("got reason %s (%v), want %s", reason, err, tt.want)
			}
		})
	}
}

// FuzzDecodePacket reads anything without a panic, and what it read it would read
// again; spans can be made of it.
func FuzzDecodePacket(f *testing.F) {
	f.Add(encode(Packet{ID: SpanID{Trace: 1, Span: 2}, Annotations: []Annotation{{"key", "value"}}}))
	f.Add(encode(Packet{ID: SpanID{Trace: 1, Span: 2, Parent: 3}, Annotations: whole("op")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		packet, err := DecodePacket(b)
		if err != nil {
			return
		}
		again, err := DecodePacket(encode(packet))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(packet, again); diff != "" {
			t.Errorf("read again (-first +second):\n%s", diff)
		}
		span, timed := convert(packet.ID, packet.Annotations, epoch)
		if got, want := len(span.Warnings) == 0, timed; got != want {
			t.Errorf("timed is %t, with warnings %q", timed, span.Warnings)
		}
		kept := len(span.Tags) + len(span.Logs)
		if kept > len(packet.Annotations)+1 {
			t.Errorf("%d annotations made %d tags and logs", len(packet.Annotations), kept)
		}
	})
}

// appendGroup appends a group with the fields that are encoded in value.
func appendGroup(b []byte, number int, value []byte) []byte {
	b = protowire.AppendTag(b, protowire.Number(number), protowire.StartGroupType)
	return protowire.AppendTag(append(b, value...), protowire.Number(number), protowire.EndGroupType)
}
