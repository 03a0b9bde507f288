package thrift

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// emptyService is what Jaeger's collector puts in the place of an empty name.
const emptyService = "empty-service-name"

// plain returns a batch that generated code has read. It writes it anew, without what is
// unknown and with the fields in order, so that the fast reader can read it.
func plain(in *jaeger.Batch) (ingest.Batch, error) {
	buf := thrift.NewTMemoryBuffer()
	if err := in.Write(context.Background(), thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
		return ingest.Batch{}, ingest.Faultf(ingest.Malformed, "%v", err)
	}
	batch, ok := fastReader{buf: buf.Bytes()}.readBatch()
	if !ok {
		return ingest.Batch{}, ingest.Faultf(ingest.Malformed, "it cannot be written anew")
	}
	return batch, nil
}

// withParent puts a parent that stands only in its own field before the references
// of a span, as Jaeger does (MaybeAddParentSpanID in model/spanref.go).
func withParent(refs []trace.Reference, id trace.TraceID, parent trace.SpanID) []trace.Reference {
	if parent == 0 {
		return refs
	}
	same := func(ref trace.Reference) bool { return ref.SpanID == parent && ref.TraceID == id }
	if slices.ContainsFunc(refs, same) {
		return refs
	}
	return slices.Concat([]trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: parent}}, refs)
}

// Instant returns the time so many microseconds after 1970.
func Instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// Microseconds returns n microseconds. It stops at the longest duration that Go can hold, 292 years,
// instead of wrapping around.
func Microseconds(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Microsecond)
	return time.Duration(min(max(n, -most), most)) * time.Microsecond
}
