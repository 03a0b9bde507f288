package thrift

import (
	"context"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// reader reads one of thrift's protocols.
type reader interface {
	thrift.TProtocol

	fail(reason ingest.Reason, format string, args ...any) error
	failAs(thrift string, reason ingest.Reason, format string, args ...any)
	failure() *ingest.Fault
	err() error

	// fast returns a fast reader of what is left.
	fast() fastReader
	// skipScalar passes over a value that holds no others, and reports whether t
	// is the type of one.
	skipScalar(t thrift.TType) bool
	// listHeader reads the type and the count of a list's or a set's elements.
	listHeader() (t thrift.TType, n int)
	// mapHeader reads the types and the count of a map's entries.
	mapHeader() (key, value thrift.TType, n int)
}

// skip passes over one value. It replaces thrift's own, which goes on after
// errors: one list in an unknown field kept that busy for 2^31 rounds. Each step
// either consumes a byte or fails, so its work is bounded by the length of the input.
func skip(ctx context.Context, r reader, t thrift.TType, depth int) {
	if depth == 0 {
		_ = r.fail(ingest.Malformed, "values nest deeper than %d", maxDepth)
		return
	}
	switch t {
	case thrift.STRUCT:
		skipStruct(ctx, r, depth-1)
	case thrift.LIST, thrift.SET:
		elem, n := r.listHeader()
		skipElements(ctx, r, n, depth-1, elem)
	case thrift.MAP:
		key, value, n := r.mapHeader()
		skipElements(ctx, r, n, depth-1, key, value)
	default:
		if !r.skipScalar(t) {
			r.failAs(unknownType(t), ingest.Malformed, "unknown type %d", t)
		}
	}
}

func skipStruct(ctx context.Context, r reader, depth int) {
	if _, err := r.ReadStructBegin(ctx); err != nil {
		return
	}
	for r.failure() == nil {
		_, t, _, _ := r.ReadFieldBegin(ctx)
		if t == thrift.STOP {
			break
		}
		skip(ctx, r, t, depth)
	}
	_ = r.ReadStructEnd(ctx)
}

// skipElements passes over n elements, each made of one value of each type.
func skipElements(ctx context.Context, r reader, n, depth int, types ...thrift.TType) {
	for ; n > 0 && r.failure() == nil; n-- {
		for _, t := range types {
			skip(ctx, r, t, depth)
		}
	}
}
