package ingest

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
)

// Receiver receives spans in one protocol on one port.
type Receiver interface {
	// Spec describes the receiver. It is constant.
	Spec() Spec
	// Start serves the protocol on a socket of the Spec's network, delivers every
	// batch to port, and counts there what is not a batch. It does not block.
	Start(s Socket, port *Port) Server
}

// Server is a receiver that was started.
type Server interface {
	// Close stops receiving and returns when all goroutines have ended. What the
	// sockets hold is read and stored first, unless ctx ends before.
	Close(ctx context.Context) error
}

// Socket is what a receiver listens on: one of the two, by the network of its Spec.
type Socket struct {
	UDP *net.UDPConn
	TCP net.Listener
}

// Addr returns where the socket listens.
func (s Socket) Addr() net.Addr {
	if s.UDP != nil {
		return s.UDP.LocalAddr()
	}
	return s.TCP.Addr()
}

// Close closes the socket.
func (s Socket) Close() error {
	if s.UDP != nil {
		return s.UDP.Close()
	}
	return s.TCP.Close()
}

// Spec describes a receiver: everything that the rest of the backend needs to know
// about its protocol.
type Spec struct {
	// Name names the port in options, statistics, logs and metrics.
	Name string
	// Network is udp or tcp.
	Network string
	// Port is the usual one, 6831 for example.
	Port int
	// Purpose says what the port is for, as a phrase that begins with a verb.
	Purpose string
	// Paths are where clients of the protocol post spans, if it uses HTTP or gRPC. A
	// request to one of them on another port is counted as misdirected.
	Paths []string
	// Ignored are paths of the protocol that carry no spans, such as OTLP's metrics:
	// requests to them lose none.
	Ignored []string
	// MediaTypes are what the content type of such a request begins with, besides
	// JSON, which other requests have too.
	MediaTypes []string
	// Signature recognizes the protocol on other ports; nil if it is not recognized.
	Signature *Signature
}

// Signature recognizes data of a protocol that arrives on the port of another.
type Signature struct {
	// Reason is counted for such data, and Text explains it, "" for reasons of this
	// package.
	Reason Reason
	Text   string
	// Match reports whether a TCP connection begins with data of the protocol; nil
	// for protocols that are not recognized there.
	Match func(first []byte) bool
}

// Fault returns the fault of data with the signature.
func (s *Signature) Fault() *Fault { return &Fault{Reason: s.Reason, Text: s.Text} }

// mayHaveSpans guesses by the content type whether a body that is posted to the port
// has spans. JSON that is posted to the query API is a query.
func (p *Port) mayHaveSpans(r *http.Request) bool {
	kind := MediaType(r)
	found := p.Receives && kind == "application/json"
	for i := range p.Receivers {
		spec := &p.Receivers[i]
		if slices.Contains(spec.Ignored, r.URL.Path) {
			return false
		}
		found = found || slices.ContainsFunc(spec.MediaTypes, func(media string) bool { return strings.HasPrefix(kind, media) })
	}
	return found
}
