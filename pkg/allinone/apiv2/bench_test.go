package apiv2

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gogo/protobuf/proto"
	model "github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
)

// benchBatch returns a batch of ordinary spans: 6 tags and a log each.
func benchBatch(tb testing.TB) []byte {
	tb.Helper()
	in := &api_v2.PostSpansRequest{Batch: model.Batch{Process: model.NewProcess("users", []model.KeyValue{model.String("hostname", "h")})}}
	for i := range 100 {
		in.Batch.Spans = append(in.Batch.Spans, &model.Span{
			TraceID: model.NewTraceID(1, uint64(i/10+1)), SpanID: model.NewSpanID(uint64(i + 1)), OperationName: "GET /users/{id}",
			References: []model.SpanRef{{TraceID: model.NewTraceID(1, 2), SpanID: model.NewSpanID(uint64(i + 2))}},
			StartTime:  time.Unix(1_700_000_000, 0), Duration: 5 * time.Millisecond,
			Tags: []model.KeyValue{
				model.String("http.request.method", "GET"), model.String("url.path", fmt.Sprintf("/users/%d", i)),
				model.Int64("http.response.status_code", 200), model.String("server.address", "users.example"),
				model.Int64("server.port", 8080), model.String("user_agent.original", "curl/8.5.0"),
			},
			Logs: []model.Log{{Timestamp: time.Unix(1_700_000_000, 0), Fields: []model.KeyValue{model.String("event", "cache.miss"), model.String("key", "u")}}},
		})
	}
	b, err := proto.Marshal(in)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// BenchmarkDecode compares decoding by hand, into spans, with generated code, into
// Jaeger's own model.
func BenchmarkDecode(b *testing.B) {
	hollow := func(number int) []byte {
		span := slices.Repeat([]byte{byte(number<<3 | 2), 0}, 1<<19)
		return pb.AppendBytes(nil, requestBatch, pb.AppendBytes(nil, batchSpans, span))
	}
	for _, bb := range []struct {
		name  string
		body  []byte
		fails bool
	}{
		{"spans", benchBatch(b), false},
		{"hollow_tags_1MiB", hollow(spanTags), true},
		{"hollow_logs_1MiB", hollow(spanLogs), true},
		{"hollow_spans_1MiB", pb.AppendBytes(nil, requestBatch, slices.Repeat([]byte{batchSpans<<3 | 2, 0}, 1<<19)), true},
	} {
		for _, side := range []struct {
			name   string
			decode func([]byte) error
		}{
			{"hand", func(body []byte) error { _, err := DecodePostSpans(body); return err }},
			{"generated", func(body []byte) error { return proto.Unmarshal(body, new(api_v2.PostSpansRequest)) }},
		} {
			b.Run(bb.name+"/"+side.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(bb.body)))
				for b.Loop() {
					if err := side.decode(bb.body); err != nil && !bb.fails {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
