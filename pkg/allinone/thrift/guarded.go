package thrift

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/plural"
)

// guarded reads for thrift's generated code: it is thrift's own reader, whose words
// Jaeger's collector answers, within bounds. The generated code makes slices of whatever
// length a list declares, up to 2^31 elements from a packet of 26 bytes, and thrift's
// reader skips unknown fields without looking at errors. So lists are checked against
// the bytes that are left, and skipping ends with the first error.
type guarded struct {
	thrift.TProtocol

	left  *thrift.TMemoryBuffer
	least int           // what a struct in a list takes at least, in bytes
	depth int           // of values within each other that are being skipped
	fault *ingest.Fault // what was found here and not by thrift
}

const (
	// compactLeast and binaryLeast are the size of a tag without key and value. They
	// bound what a byte can make the generated code allocate.
	compactLeast = 5
	binaryLeast  = 15
	// maxDepth bounds how deep skipped values nest.
	maxDepth = 32
)

func guard(message []byte, compact bool) *guarded {
	g := &guarded{left: &thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(message)}}
	limits := &thrift.TConfiguration{MaxMessageSize: int32(max(1, len(message)))} // of a string, too
	if compact {
		g.TProtocol, g.least = thrift.NewTCompactProtocolConf(g.left, limits), compactLeast
	} else {
		g.TProtocol, g.least = thrift.NewTBinaryProtocolConf(g.left, limits), binaryLeast
	}
	return g
}

func (g *guarded) refuse(reason ingest.Reason, format string, args ...any) error {
	g.fault = ingest.Faultf(reason, format, args...)
	return g.fault
}

// fit refuses n values that take at least so many bytes each, if fewer are left.
func (g *guarded) fit(n, least int) error {
	if n > g.left.Len()/least {
		return g.refuse(ingest.Oversized, "%d claimed, %s left", n, plural.Of(g.left.Len(), "byte", "bytes"))
	}
	return nil
}

// ReadListBegin implements thrift.TProtocol. The generated code assumes every list to be
// one of structs, so others are rejected.
func (g *guarded) ReadListBegin(ctx context.Context) (thrift.TType, int, error) {
	t, n, err := g.TProtocol.ReadListBegin(ctx)
	switch {
	case err != nil:
	case n > 0 && t != thrift.STRUCT:
		err = g.refuse(ingest.Malformed, "a list of type %d where structs belong", t)
	default:
		err = g.fit(n, g.least)
	}
	return t, n, err
}

// ReadBinary implements thrift.TProtocol. Thrift's reader allocates 512 bytes for the
// shortest of values, but not for strings, which are the same on the wire. What cannot
// be read it reads itself, for its words.
func (g *guarded) ReadBinary(ctx context.Context) ([]byte, error) {
	value := g.left.Bytes()
	text, err := g.ReadString(ctx)
	if err != nil {
		g.left.Buffer = bytes.NewBuffer(value)
		return g.TProtocol.ReadBinary(ctx)
	}
	return []byte(text), nil
}

// Skip implements thrift.TProtocol. Each step either consumes a byte or fails, so its
// work is bounded by the length of the message: one list in an unknown field kept
// thrift's own busy for 2^31 rounds.
func (g *guarded) Skip(ctx context.Context, t thrift.TType) error {
	if g.depth == maxDepth {
		return g.refuse(ingest.Malformed, "values nest deeper than %d", maxDepth)
	}
	g.depth++
	defer func() { g.depth-- }()
	switch t {
	case thrift.STRUCT:
		return g.skipStruct(ctx)
	case thrift.LIST, thrift.SET: // the same on the wire
		element, n, err := g.TProtocol.ReadListBegin(ctx)
		return g.skipElements(ctx, err, n, element)
	case thrift.MAP:
		key, value, n, err := g.ReadMapBegin(ctx)
		return g.skipElements(ctx, err, n, key, value)
	default:
		return thrift.Skip(ctx, g.TProtocol, t, 1)
	}
}

func (g *guarded) skipStruct(ctx context.Context) error {
	if _, err := g.ReadStructBegin(ctx); err != nil {
		return err
	}
	for {
		_, t, _, err := g.ReadFieldBegin(ctx)
		if err != nil {
			return err
		}
		if t == thrift.STOP {
			return g.ReadStructEnd(ctx)
		}
		if err := g.Skip(ctx, t); err != nil {
			return err
		}
	}
}

// skipElements passes over n elements, each made of one value of each type, if their
// header was read without an error.
func (g *guarded) skipElements(ctx context.Context, err error, n int, types ...thrift.TType) error {
	if err == nil {
		err = g.fit(n, 1)
	}
	if err != nil {
		return err
	}
	for range n {
		for _, t := range types {
			if err := g.Skip(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// faultOf returns what was found here, with the place that the generated code added; or
// what thrift found, in its words.
func (g *guarded) faultOf(err error) *ingest.Fault {
	words := err.Error()
	if g.fault != nil {
		where := place(strings.TrimSuffix(words, g.fault.Error()))
		return &ingest.Fault{Reason: g.fault.Reason, Detail: strings.Trim(where+", "+g.fault.Detail, ", ")}
	}
	if where, ended := strings.CutSuffix(words, "EOF"); ended {
		return &ingest.Fault{Reason: ingest.Truncated, Detail: place(strings.TrimSuffix(where, "unexpected ")), Jaeger: words}
	}
	fault := &ingest.Fault{Reason: ingest.Malformed, Detail: place(words), Jaeger: words}
	if strings.Contains(words, "Required field") {
		fault.Reason = ingest.Incomplete
	}
	if limit, ok := errors.AsType[thrift.TProtocolException](err); ok && limit.TypeId() == thrift.SIZE_LIMIT {
		fault.Reason, fault.Jaeger = ingest.Oversized, "" // of a limit that Jaeger does not have
	}
	return fault
}

// place shortens the generated code's wording of where it was: "*jaeger.Batch
// error reading struct: *jaeger.Span error reading struct: error reading field 8"
// becomes "batch: span: field 8".
func place(s string) string {
	s = strings.NewReplacer(
		" error reading struct", "",
		" read error", "",
		"error reading ", "",
		"*agent.AgentEmitBatchArgs", "call",
		"*agent.AgentEmitZipkinBatchArgs", "call",
		"*jaeger.Batch", "batch",
		"*jaeger.Span", "span",
		"*jaeger.Process", "process",
		"*jaeger.Tag", "tag",
		"*jaeger.Log", "log",
		"*zipkincore.Span", "span",
		"*zipkincore.Annotation", "annotation",
		"*zipkincore.BinaryAnnotation", "binary annotation",
		"*zipkincore.Endpoint", "endpoint",
		"Required", "required",
	).Replace(s)
	return strings.TrimRight(s, ": ")
}
