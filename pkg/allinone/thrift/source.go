package thrift

import (
	"context"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/plural"
)

// source is the memory that a reader of thrift reads from. Thrift's generated code
// makes slices of whatever length the message declares, up to 2^31 elements from a
// packet of 26 bytes, and skips unknown fields without looking at errors. So
// readers check every size against the bytes that are left before they return it, and
// after the first fault every read repeats that fault.
type source struct {
	buf   []byte // what is left to read
	fault *ingest.Fault

	thrift.TProtocol // nil; for the methods nobody calls: writing, maps, sets, bytes
}

// ReadMessageEnd implements thrift.TProtocol.
func (s *source) ReadMessageEnd(context.Context) error { return s.err() }

// ReadFieldEnd implements thrift.TProtocol.
func (s *source) ReadFieldEnd(context.Context) error { return s.err() }

// ReadListEnd implements thrift.TProtocol.
func (s *source) ReadListEnd(context.Context) error { return s.err() }

// structs checks the header of a list of n elements, each of which takes at least so
// many bytes. The generated code assumes every list to be one of structs, so others are
// rejected.
func (s *source) structs(t thrift.TType, n, least int) (thrift.TType, int, error) {
	if n > 0 && t != thrift.STRUCT {
		return 0, 0, s.fail(ingest.Malformed, "a list of type %d where structs belong", t)
	}
	if n > len(s.buf)/least {
		return 0, 0, s.fail(ingest.Oversized, "%d claimed, %s left", n, plural.Of(len(s.buf), "byte", "bytes"))
	}
	return t, n, s.err()
}

// maxDepth bounds how deep structs and containers nest. Jaeger's deepest is
// arguments, batch, span, log, tag.
const maxDepth = 32

// The words of Go's readers, and so of thrift's, for an input that ends.
const (
	atEnd     = "EOF"
	insideEnd = "unexpected EOF"
)

// fail keeps the first fault and drops the rest of the input, so that reading
// goes nowhere after it. It returns that first fault.
func (s *source) fail(reason ingest.Reason, format string, args ...any) error {
	if s.fault == nil {
		s.fault = ingest.Faultf(reason, format, args...)
		s.buf = nil
	}
	return s.fault
}

// failAs is fail with the words that thrift's own reader has for the fault.
func (s *source) failAs(thrift string, reason ingest.Reason, format string, args ...any) {
	if s.fault == nil {
		_ = s.fail(reason, format, args...)
		s.fault.Jaeger = thrift
	}
}

// err returns the fault as an error that is nil when there is none.
func (s *source) err() error {
	if s.fault == nil {
		return nil
	}
	return s.fault
}

// byte reads one byte; without one left it fails and returns 0.
func (s *source) byte() byte {
	if len(s.buf) == 0 {
		s.failAs(atEnd, ingest.Truncated, "")
		return 0
	}
	b := s.buf[0]
	s.buf = s.buf[1:]
	return b
}

// take reads n bytes and returns them without a copy.
func (s *source) take(n int) []byte {
	if n > len(s.buf) {
		words := insideEnd
		if len(s.buf) == 0 {
			words = atEnd
		}
		s.failAs(words, ingest.Truncated, "")
		return nil
	}
	b := s.buf[:n]
	s.buf = s.buf[n:]
	return b
}

// failure returns the fault, nil when there is none.
func (s *source) failure() *ingest.Fault { return s.fault }
