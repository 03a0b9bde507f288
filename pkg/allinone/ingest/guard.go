package ingest

import (
	"bytes"
	"net"
	"net/http"
	"net/netip"
)

// Prefaces by which a TCP connection is recognized.
const (
	tlsPreface   = "\x16\x03" // a handshake record (RFC 8446, 5.1)
	http2Preface = "PRI * HTTP/2.0"
)

// MatchTransport recognizes TLS and HTTP/2 by the first bytes of a connection. It
// returns nil for anything else.
func MatchTransport(first []byte) *Fault {
	switch {
	case bytes.HasPrefix(first, []byte(tlsPreface)):
		return &Fault{Reason: TLS}
	case bytes.HasPrefix(first, []byte(http2Preface)):
		return &Fault{Reason: HTTP2}
	default:
		return nil
	}
}

// MatchHTTP reports whether data begins with a line of HTTP/1.
func MatchHTTP(first []byte) bool {
	line, _, _ := bytes.Cut(first, []byte("\n"))
	return bytes.HasPrefix(line, []byte("HTTP/")) || bytes.Contains(line, []byte(" HTTP/"))
}

// Head returns the first bytes of data, to quote them.
func Head(data []byte) []byte { return data[:min(len(data), 16)] }

// notHTTP recognizes by its first bytes a connection that does not speak HTTP, or not
// the version of the port. It returns nil when it does.
func (p *Port) notHTTP(first []byte, http2 bool) *Fault {
	if fault := MatchTransport(first); fault != nil {
		if fault.Reason == HTTP2 && http2 {
			return nil
		}
		return fault
	}
	for _, spec := range p.Receivers {
		if s := spec.Signature; s != nil && s.Match != nil && s.Match(first) {
			return s.Fault()
		}
	}
	if first[0] < 'A' || first[0] > 'Z' { // methods are in capitals
		return Faultf(Foreign, "begins with %x", Head(first))
	}
	return nil
}

// sniffingListener is a listener for HTTP that recognizes clients of other protocols.
type sniffingListener struct {
	net.Listener
	port *Port
	// http2 is whether HTTP/2 is spoken there, as gRPC does.
	http2 bool
}

// Accept returns the next connection, whose first bytes will be checked.
func (l *sniffingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // the server compares it
	}
	return &sniffingConn{Conn: conn, listener: l}, nil
}

// sniffLen is enough bytes to recognize a protocol. They may come one by one:
// Appdash's client writes the length of a packet, up to 3 bytes, by itself.
const sniffLen = 5

// sniffingConn is read by one goroutine at a time.
type sniffingConn struct {
	net.Conn
	listener *sniffingListener // nil once the connection was checked
	first    []byte            // the bytes read so far, until there are enough
}

// Read checks what the client sends first.
func (c *sniffingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.listener != nil {
		c.first = append(c.first, p[:n]...)
		if len(c.first) >= sniffLen || err != nil {
			c.listener.check(c.Conn, c.first)
			c.listener, c.first = nil, nil
		}
	}
	return n, err //nolint:wrapcheck // the connection's own error
}

// check counts and logs a connection that does not speak the protocol of the port. On
// one that does not receive spans, it need not have any, and is only logged.
func (l *sniffingListener) check(conn net.Conn, first []byte) {
	if len(first) == 0 {
		return
	}
	switch fault := l.port.notHTTP(first, l.http2); {
	case fault == nil:
	case l.port.Receives:
		l.port.Reject(Peer(conn), len(first), fault)
	default:
		l.port.warn(Peer(conn), len(first), fault)
	}
}

// guard counts and logs spans that are posted where they are not accepted, and leaves
// the response to the handler. A client is content with any 2xx, and the page of a UI is
// one. On a port for gRPC other methods are not spans: health checks for example.
//
// It rejects what a page of another origin makes a browser send to a port for spans: a
// simple request needs no permission, and any page could fill the store. Programs send
// no origin.
func (p *Port) guard(next http.Handler, grpc bool) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Receives && protection.Check(r) != nil {
			fault := Faultf(CrossOrigin, "%.128q", r.Header.Get("Origin"))
			p.RejectRequest(r, fault)
			http.Error(w, fault.Error(), http.StatusForbidden)
			return
		}
		owner, known := p.owners[r.URL.Path]
		if r.Method == http.MethodPost && (known && owner != p.Name || !known && !grpc && p.mayHaveSpans(r)) {
			fault := Faultf(Misdirected, "POST %.100q", r.URL.Path)
			if addr, ok := p.Addrs[owner]; ok {
				fault.Detail += " belongs on " + addr
			}
			p.RejectRequest(r, fault)
		}
		next.ServeHTTP(w, r)
	})
}

// Peer returns who is at the other end of a connection, without the port, which is
// another one for each connection.
func Peer(conn net.Conn) netip.AddrPort { return withoutPort(conn.RemoteAddr().String()) }

// Remote returns who sent a request, as Peer does.
func Remote(r *http.Request) netip.AddrPort { return withoutPort(r.RemoteAddr) }

func withoutPort(hostPort string) netip.AddrPort {
	addr, _ := netip.ParseAddrPort(hostPort)
	return netip.AddrPortFrom(addr.Addr().Unmap(), 0)
}
