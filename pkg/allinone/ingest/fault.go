package ingest

import (
	"cmp"
	"errors"
	"fmt"
)

// Reason names a kind of fault. Its text is a key in counters and JSON.
type Reason string

// The reasons that do not belong to one protocol. A receiver adds its own as the
// Signature in its Spec.
const (
	Empty         Reason = "empty"
	HTTP          Reason = "http"
	HTTP2         Reason = "http2"
	TLS           Reason = "tls"
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

// texts explain the reasons to someone who looks for missing spans.
//
//nolint:gochecknoglobals // a table
var texts = map[Reason]string{
	Empty:         "the datagram is empty",
	HTTP:          "received HTTP on a port that does not speak it: send spans over HTTP to a collector (Jaeger's port is 14268, path /api/traces)",
	HTTP2:         "received HTTP/2, which gRPC uses, on a port for HTTP/1: send it to a gRPC port (Jaeger's are 14250 and 4317)",
	TLS:           "received TLS on a port without TLS: use http instead of https, or an insecure connection for gRPC",
	Text:          "received text where thrift is expected",
	Foreign:       "received data in an unknown format",
	UnknownMethod: "Jaeger's agent has no such method",
	NoBatch:       "the call has no batch",
	Truncated:     "it ends in the middle of a value",
	Oversized:     "a declared size exceeds the data: it was truncated or is hostile",
	Incomplete:    "a required field is missing",
	Malformed:     "it is not valid",
	ContentType:   "the content type is not supported",
	Encoding:      "the content encoding is not supported, only gzip is",
	TooLarge:      "the body is too large: send smaller batches",
	Unreadable:    "the body could not be read to its end",
	Busy:          "too many requests are in progress: retry later",
	Misdirected:   "spans were sent to a port that does not accept them",
	CrossOrigin:   "rejected a request from a web page of another origin: send spans through a server of the page's own origin",
	Panicked:      "the decoder panicked, which is a bug in otdemo",
}

// Fault is why a datagram or a request is not a batch of spans.
type Fault struct {
	Reason Reason
	// Text explains the reason; "" is the text of the reasons of this package.
	Text string
	// Detail says where or what exactly; it may be empty. It may quote the datagram,
	// so it is a stranger's text.
	Detail string
	// Jaeger is how a Jaeger's decoder words it, which is what it responds over HTTP;
	// empty where Jaeger has no wording.
	Jaeger string
}

// Error returns the explanation of the reason, then the detail.
func (f *Fault) Error() string {
	text := cmp.Or(f.Text, texts[f.Reason], string(f.Reason))
	if f.Detail == "" {
		return text
	}
	return text + " (" + f.Detail + ")"
}

// Faultf returns a fault whose detail is formatted as by fmt.Sprintf.
func Faultf(reason Reason, format string, args ...any) *Fault {
	return &Fault{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// ReasonOf returns the reason of a Fault, Malformed for other errors.
func ReasonOf(err error) Reason { return faultOf(err).Reason }

// faultOf returns the Fault that an error is, or makes one with its text.
func faultOf(err error) *Fault {
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault
	}
	return &Fault{Reason: Malformed, Detail: err.Error()}
}

// Recover turns a panic of a decoder into a fault. It must be deferred.
func Recover(err *error) {
	if cause := recover(); cause != nil {
		*err = Faultf(Panicked, "%v", cause)
	}
}
