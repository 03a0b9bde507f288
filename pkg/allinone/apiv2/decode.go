package apiv2

import (
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The fields of PostSpansRequest, Batch, Process and Span (model.proto and
// collector.proto in jaeger-idl).
const (
	requestBatch = 1

	batchSpans   = 1
	batchProcess = 2

	processService = 1
	processTags    = 2

	spanTraceID    = 1
	spanSpanID     = 2
	spanOperation  = 3
	spanReferences = 4
	spanFlags      = 5
	spanStart      = 6
	spanDuration   = 7
	spanTags       = 8
	spanLogs       = 9
	spanProcess    = 10
	spanWarnings   = 12
)

const (
	// emptyService and noProcess are what Jaeger 1.62 shows for a service without
	// a name, and for spans of nobody.
	emptyService = "empty-service-name"
	noProcess    = "null-process-and-service-name"
)

// DecodePostSpans reads a PostSpansRequest: a batch, and one more for each span
// that names a process of its own. It keeps nothing of body and allocates at most
// some thirty times its size, whatever sizes it declares.
func DecodePostSpans(body []byte) ([]ingest.Batch, error) {
	d := decoder{left: pb.NewAllowance(body)}
	m := pb.Read(body)
	for m.Next() {
		if m.Number == requestBatch {
			m.Fail(d.batch(m.Bytes()))
		}
	}
	if err := m.Err(); err != nil {
		return nil, fmt.Errorf("read PostSpansRequest: %w", err)
	}
	return d.batches, nil
}

// decoder holds what a request has so far.
type decoder struct {
	batches []ingest.Batch
	left    pb.Allowance
}

// batch reads a Batch. It looks for the process first, since fields come in any
// order.
func (d *decoder) batch(b []byte) error {
	process := &trace.Process{Service: noProcess}
	m := pb.Read(b)
	for m.Next() {
		if m.Number == batchProcess {
			var err error
			process, err = d.process(m.Bytes())
			m.Fail(err)
		}
	}
	if err := m.Err(); err != nil {
		return err
	}
	shared := newBatch(process)
	for m = pb.Read(b); m.Next(); {
		if m.Number != batchSpans {
			continue
		}
		span, err := d.span(m.Bytes())
		m.Fail(err)
		if span.Process != nil {
			own := newBatch(span.Process)
			own.Spans = []trace.Span{span}
			d.batches = append(d.batches, own)
			continue
		}
		span.Process = process
		shared.Spans = append(shared.Spans, span)
	}
	if len(shared.Spans) > 0 {
		d.batches = append(d.batches, shared)
	}
	return m.Err()
}

func newBatch(process *trace.Process) ingest.Batch {
	return ingest.Batch{Process: process, Client: ingest.ClientID(process)}
}

func (d *decoder) process(b []byte) (*trace.Process, error) {
	if err := d.left.Spend(1, unsafe.Sizeof(ingest.Batch{})); err != nil {
		return nil, err // a span's own process is a batch of its own
	}
	process := &trace.Process{Service: emptyService}
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case processService:
			if name := m.String(); name != "" {
				process.Service = name
			}
		case processTags:
			var err error
			process.Tags, err = d.appendTag(process.Tags, m.Bytes())
			m.Fail(err)
		}
	}
	return process, m.Err()
}

// span leaves the process nil when the span names none.
func (d *decoder) span(b []byte) (trace.Span, error) {
	out := trace.Span{Start: time.Unix(0, 0).UTC()}
	if err := d.left.Spend(1, unsafe.Sizeof(out)); err != nil {
		return out, err
	}
	m := pb.Read(b)
	for m.Next() {
		m.Fail(d.spanField(m, &out))
	}
	return out, m.Err()
}

func (d *decoder) spanField(m *pb.Message, out *trace.Span) (err error) {
	switch m.Number {
	case spanTraceID:
		out.TraceID, err = traceID(m.Bytes())
	case spanSpanID:
		out.SpanID, err = pb.SpanID(m.Bytes())
	case spanOperation:
		out.Operation = m.String()
	case spanReferences:
		out.References, err = d.appendReference(out.References, m.Bytes())
	case spanFlags:
		out.Flags = uint32(m.Uint())
	case spanStart:
		out.Start, err = timestamp(m.Bytes())
	case spanDuration:
		out.Duration, err = duration(m.Bytes())
	case spanTags:
		out.Tags, err = d.appendTag(out.Tags, m.Bytes())
	case spanLogs:
		out.Logs, err = d.appendLog(out.Logs, m.Bytes())
	case spanProcess:
		out.Process, err = d.process(m.Bytes())
	case spanWarnings:
		out.Warnings = append(out.Warnings, m.String())
		err = d.left.Spend(1, unsafe.Sizeof(""))
	}
	return err
}

// traceID reads an id of 16 bytes, or one of 8 as Jaeger does.
func traceID(b []byte) (trace.TraceID, error) {
	if len(b) == 8 {
		low, err := pb.SpanID(b)
		return trace.TraceID{Low: uint64(low)}, err
	}
	return pb.TraceID(b)
}

// timestamp reads a google.protobuf.Timestamp.
func timestamp(b []byte) (time.Time, error) {
	seconds, nanos, err := secondsNanos(b)
	return time.Unix(seconds, nanos).UTC(), err
}

// duration reads a google.protobuf.Duration; it stops at the longest that Go can
// hold, 292 years.
func duration(b []byte) (time.Duration, error) {
	seconds, nanos, err := secondsNanos(b)
	const most = math.MaxInt64/int64(time.Second) - 10
	return time.Duration(min(max(seconds, -most), most))*time.Second + time.Duration(nanos), err
}

// secondsNanos reads both; the nanoseconds have 32 bits.
func secondsNanos(b []byte) (seconds, nanos int64, err error) {
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case 1:
			seconds = int64(m.Uint())
		case 2:
			nanos = int64(int32(m.Uint()))
		}
	}
	return seconds, nanos, m.Err()
}
