package wire

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/uber/jaeger-client-go/thrift-gen/agent"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Batch is what one call of a client carries.
type Batch struct {
	// Process made all the Spans, each of which points to it.
	Process *trace.Process
	Spans   []trace.Span
	// Client is the tracer's own id, the process tag client-uuid, or "".
	Client string
	// SeqNo counts the client's batches from 1; 0 when the client does not.
	SeqNo int64
	// Losses are the client's counters since it began, nil when it tells none.
	Losses *Losses
}

// Losses are the spans that a client knows it lost before they reached the wire.
type Losses struct {
	QueueFull int64 `json:"queue_full"`
	TooLarge  int64 `json:"too_large"`
	Failed    int64 `json:"failed"`
}

// methods of Jaeger's agent (agent.thrift).
const (
	methodBatch  = "emitBatch"
	methodZipkin = "emitZipkinBatch"
)

// DecodeCompact reads a datagram in thrift's compact protocol, as it comes in on
// Jaeger's port 6831. The error is always a *Fault. What follows the message in
// the datagram is ignored, as Jaeger ignores it.
func DecodeCompact(datagram []byte) (batch Batch, err error) {
	defer func() {
		if p := recover(); p != nil {
			batch, err = Batch{}, faultf(Panicked, "%v", p)
		}
	}()
	if fault := sniff(datagram); fault != nil {
		return Batch{}, fault
	}
	ctx := context.Background() // asked for by thrift; reading memory never waits
	r := &compactReader{buf: datagram}
	method, _, _, err := r.ReadMessageBegin(ctx)
	switch {
	case err != nil:
		return Batch{}, err
	case method == methodZipkin:
		return Batch{}, &Fault{Reason: ZipkinBatch}
	case method != methodBatch:
		return Batch{}, faultf(UnknownMethod, "method %.64q", method)
	}
	var args agent.AgentEmitBatchArgs
	if err := args.Read(ctx, r); err != nil {
		return Batch{}, r.faultOf(err)
	}
	if args.Batch == nil {
		return Batch{}, &Fault{Reason: NoBatch}
	}
	return convertBatch(args.Batch), nil
}

// faultOf returns the reader's own fault with the place that the generated code
// added, or what the generated code found itself: a field that is not there.
func (r *compactReader) faultOf(err error) *Fault {
	if r.fault == nil {
		return &Fault{Reason: Incomplete, Detail: place(err.Error())}
	}
	where := place(strings.TrimSuffix(err.Error(), r.fault.Error()))
	detail := strings.Trim(where+", "+r.fault.Detail, ", ")
	return &Fault{Reason: r.fault.Reason, Detail: detail}
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
		"*jaeger.Batch", "batch",
		"*jaeger.Span", "span",
		"*jaeger.Process", "process",
		"*jaeger.Tag", "tag",
		"*jaeger.Log", "log",
		"Required", "required",
	).Replace(s)
	return strings.TrimRight(s, ": ")
}

// sniff recognises by its first bytes what is no compact thrift.
func sniff(datagram []byte) *Fault {
	switch {
	case len(datagram) == 0:
		return &Fault{Reason: Empty}
	case datagram[0] == compactID:
		return nil
	case isBinaryThrift(datagram):
		return &Fault{Reason: BinaryThrift}
	case isHTTP(datagram):
		return &Fault{Reason: HTTP}
	case isText(datagram):
		return faultf(Text, "begins with %q", head(datagram))
	default:
		return faultf(Foreign, "begins with %x", head(datagram))
	}
}

// head returns the first bytes, for a message.
func head(datagram []byte) []byte { return datagram[:min(len(datagram), 16)] }

// isBinaryThrift knows the strict form (a version in the first two bytes) and the
// old one (the method's name with its length).
func isBinaryThrift(datagram []byte) bool {
	if bytes.HasPrefix(datagram, []byte{0x80, 0x01}) {
		return true
	}
	for _, method := range []string{methodBatch, methodZipkin} {
		if bytes.HasPrefix(datagram, []byte("\x00\x00\x00"+string(rune(len(method)))+method)) {
			return true
		}
	}
	return false
}

func isHTTP(datagram []byte) bool {
	line, _, _ := bytes.Cut(datagram, []byte("\n"))
	return bytes.HasPrefix(line, []byte("HTTP/")) || bytes.Contains(line, []byte(" HTTP/"))
}

func isText(datagram []byte) bool {
	for _, b := range head(datagram) {
		if b >= 0x7f || b < ' ' && b != '\n' && b != '\r' && b != '\t' {
			return false
		}
	}
	return true
}

// ReasonOf returns the reason of an error of this package, Malformed for others.
func ReasonOf(err error) Reason {
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault.Reason
	}
	return Malformed
}
