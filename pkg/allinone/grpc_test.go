package allinone

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"google.golang.org/grpc"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
)

// encoded is a message that its sender has encoded itself.
type encoded struct{}

func (encoded) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (encoded) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = slices.Clone(data)
	return nil
}

func (encoded) Name() string { return "proto" }

func TestPostSpans(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	id := binary.BigEndian.AppendUint64(nil, 0xabc)
	span := pb.AppendBytes(nil, 1, append(make([]byte, 8), id...))
	span = pb.AppendBytes(pb.AppendBytes(span, 2, id), 3, "op")
	batch := pb.AppendBytes(nil, 1, span)
	batch = pb.AppendBytes(batch, 2, pb.AppendBytes(nil, 1, "shop"))
	request, reply := pb.AppendBytes(nil, 1, batch), []byte("no reply yet")
	conn := grpcClient(t, b, CollectorGRPC)
	if err := conn.Invoke(t.Context(), "/jaeger.api_v2.CollectorService/PostSpans", &request, &reply, grpc.ForceCodec(encoded{})); err != nil || len(reply) > 0 {
		t.Fatalf("got reply %q, %v, want an empty one", reply, err)
	}
	got := traces(t, b, "/api/traces/abc")
	if len(got) != 1 || len(got[0].Spans) != 1 || got[0].Spans[0].Service() != "shop" || got[0].Spans[0].Operation != "op" {
		t.Errorf("got %+v, want the span", got)
	}
}

func TestSamplingOverGRPC(t *testing.T) {
	t.Parallel()
	b := start(t, Options{Sampling: sampling.Same(sampling.Strategy{Type: "probabilistic", Param: 0.25})})
	request, reply := pb.AppendBytes(nil, 1, "shop"), []byte(nil)
	conn := grpcClient(t, b, CollectorGRPC)
	if err := conn.Invoke(t.Context(), "/jaeger.api_v2.SamplingManager/GetSamplingStrategy", &request, &reply, grpc.ForceCodec(encoded{})); err != nil {
		t.Fatal(err)
	}
	got := math.NaN()
	m := pb.Read(reply)
	for m.Next() {
		if m.Number == 2 {
			for p := pb.Read(m.Bytes()); p.Next(); {
				got = p.Double()
			}
		}
	}
	if m.Err() != nil || got != 0.25 {
		t.Errorf("got rate %v, %v in %x, want 0.25", got, m.Err(), reply)
	}
}
