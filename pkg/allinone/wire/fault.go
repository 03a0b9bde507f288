package wire

import "fmt"

// Reason names a kind of fault. Its text is a key in counters and JSON.
type Reason string

// What a datagram or a request's body can be instead of a batch of spans.
const (
	Empty         Reason = "empty"
	BinaryThrift  Reason = "binary_thrift"
	CompactThrift Reason = "compact_thrift"
	HTTP          Reason = "http"
	HTTP2         Reason = "http2"
	TLS           Reason = "tls"
	AppdashPacket Reason = "appdash"
	Text          Reason = "text"
	Foreign       Reason = "foreign"
	UnknownMethod Reason = "unknown_method"
	NoBatch       Reason = "no_batch"
	Truncated     Reason = "truncated"
	Oversized     Reason = "oversized"
	Incomplete    Reason = "incomplete"
	Malformed     Reason = "malformed"
	Panicked      Reason = "panicked"
	// Of requests only.
	ContentType Reason = "content_type"
	Encoding    Reason = "content_encoding"
	TooLarge    Reason = "too_large"
	Unreadable  Reason = "unreadable"
	Busy        Reason = "busy"
	Misdirected Reason = "misdirected"
	CrossOrigin Reason = "cross_origin"
)

// words explain a reason to someone who looks for missing spans.
func (r Reason) words() string {
	switch r {
	case Empty:
		return "the datagram is empty"
	case BinaryThrift:
		return "binary thrift arrived where compact thrift is read: switch the client to compact, or send it to the binary port (Jaeger's is 6832)"
	case CompactThrift:
		return "compact thrift arrived where binary thrift is read: switch the client to binary, or send it to the compact port (Jaeger's is 6831)"
	case HTTP:
		return "HTTP arrived on a port that does not speak it: spans over HTTP belong on a collector (Jaeger's is 14268, path /api/traces)"
	case HTTP2:
		return "HTTP/2, which is what gRPC speaks, arrived on a port for HTTP/1: send it to one for gRPC (Jaeger's are 14250 and 4317)"
	case TLS:
		return "TLS arrived where none is spoken: use http instead of https, or an insecure connection for gRPC"
	case AppdashPacket:
		return "Appdash's packets arrived on a port for HTTP: send them to Appdash's own port (7701)"
	case Text:
		return "text arrived where thrift is read"
	case Foreign:
		return "this is no thrift that is read here"
	case UnknownMethod:
		return "this is no method of Jaeger's agent"
	case NoBatch:
		return "the call carries no batch"
	case Truncated:
		return "it ends in the middle of a value"
	case Oversized:
		return "a size claims more than there is: it was cut short or is hostile"
	case Incomplete:
		return "a required field is missing"
	case Malformed:
		return "this is not valid"
	case ContentType:
		return "the content type is not one that is read here"
	case Encoding:
		return "the body is packed in a way that is not read here: gzip is"
	case TooLarge:
		return "the body is larger than what is read: send smaller batches"
	case Unreadable:
		return "the body could not be read to its end"
	case Busy:
		return "too many requests are being read: send them again later"
	case Misdirected:
		return "spans were sent to a port that does not take them"
	case CrossOrigin:
		return "a web page of another origin sent this, which is refused: send spans through a server of the page's own"
	case Panicked:
		return "the decoder panicked, which is a bug of otdemo"
	default:
		return string(r)
	}
}

// Fault is why a datagram or a request is no batch of spans.
type Fault struct {
	Reason Reason
	// Detail tells where or what exactly; it may be empty. It may quote the
	// datagram, so it is a stranger's text.
	Detail string
	// Jaeger is how a Jaeger's decoder words it, which is what it answers over
	// HTTP; empty where that has no wording.
	Jaeger string
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
