package wire

import "fmt"

// Reason names a kind of fault. Its text is a key in counters and JSON.
type Reason string

// What a datagram can be instead of a batch of spans.
const (
	Empty         Reason = "empty"
	BinaryThrift  Reason = "binary_thrift"
	HTTP          Reason = "http"
	Text          Reason = "text"
	Foreign       Reason = "foreign"
	ZipkinBatch   Reason = "zipkin_batch"
	UnknownMethod Reason = "unknown_method"
	NoBatch       Reason = "no_batch"
	Truncated     Reason = "truncated"
	Oversized     Reason = "oversized"
	Incomplete    Reason = "incomplete"
	Malformed     Reason = "malformed"
	Panicked      Reason = "panicked"
)

// words explain a reason to someone who looks for missing spans.
func (r Reason) words() string {
	switch r {
	case Empty:
		return "the datagram is empty"
	case BinaryThrift:
		return "binary thrift arrived where compact thrift is read: switch the client to compact, or send it to the binary port (Jaeger's is 6832)"
	case HTTP:
		return "HTTP arrived on a UDP port for compact thrift: spans over HTTP belong on a collector (Jaeger's is 14268, path /api/traces)"
	case Text:
		return "text arrived where compact thrift is read"
	case Foreign:
		return "this is no compact thrift"
	case ZipkinBatch:
		return "a batch of Zipkin's thrift arrived, only Jaeger's is read here"
	case UnknownMethod:
		return "this is no method of Jaeger's agent"
	case NoBatch:
		return "the call carries no batch"
	case Truncated:
		return "the datagram ends in the middle of a value"
	case Oversized:
		return "a size claims more than the datagram holds: it was cut short or is hostile"
	case Incomplete:
		return "a required field is missing"
	case Malformed:
		return "this is no valid thrift"
	case Panicked:
		return "the decoder panicked, which is a bug of otdemo"
	default:
		return string(r)
	}
}

// Fault is why a datagram is no batch of spans.
type Fault struct {
	Reason Reason
	// Detail tells where or what exactly; it may be empty. It may quote the
	// datagram, so it is a stranger's text.
	Detail string
}

// Error returns the plain words for the reason, then the detail.
func (f *Fault) Error() string {
	if f.Detail == "" {
		return f.Reason.words()
	}
	return f.Reason.words() + " (" + f.Detail + ")"
}

func faultf(reason Reason, format string, args ...any) *Fault {
	return &Fault{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
