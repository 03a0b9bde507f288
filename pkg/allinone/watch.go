package allinone

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// watched is a listener for HTTP that notices clients who speak something else.
type watched struct {
	net.Listener
	in *inlet
	// http2 says that HTTP/2 is spoken there, as gRPC does.
	http2 bool
}

// Accept returns the next connection, whose first bytes are looked at.
func (w *watched) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // the server looks at it
	}
	return &watchedConn{Conn: conn, watched: w}, nil
}

// tellingBytes are enough to see what a client speaks. They may come one by one:
// Appdash's writes the length of a packet, up to 3 bytes, by itself.
const tellingBytes = 5

// watchedConn is read by one goroutine at a time.
type watchedConn struct {
	net.Conn
	watched *watched
	// first is what has come until there was enough to look at.
	first  []byte
	looked bool
}

// Read looks at what the client sends first.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.looked {
		c.first = append(c.first, p[:n]...)
		if len(c.first) >= tellingBytes || err != nil {
			c.look()
		}
	}
	return n, err //nolint:wrapcheck // a connection's own words
}

func (c *watchedConn) look() {
	first := c.first
	c.first, c.looked = nil, true
	if len(first) == 0 {
		return
	}
	if fault := wire.SniffHTTP(first, c.watched.http2); fault != nil {
		from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		c.watched.in.note(withoutPort(from), len(first), fault)
	}
}

// pathOwner returns the listener on which spans may be posted to a path.
func pathOwner(path string) (listener string, ok bool) {
	switch path {
	case "/api/traces":
		return CollectorHTTP, true
	case "/api/v1/spans", "/api/v2/spans":
		return Zipkin, true
	case "/v1/traces":
		return OTLPHTTP, true
	case jaegerPostSpans:
		return CollectorGRPC, true
	case otlpExport:
		return OTLPGRPC, true
	default:
		return "", false
	}
}

// redirecting lets a handler answer, and counts and tells of spans that were
// posted where nobody takes them. A client is satisfied with any 2xx, and the page
// of a UI is one.
func redirecting(i *inlet, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			owner, known := pathOwner(r.URL.Path)
			if known && owner != i.name || !known && i.mayBeSpans(r) {
				i.reject(remote(r), int(max(0, r.ContentLength)), i.misdirected(r.URL.Path, owner))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// mayBeSpans guesses by the content type. Who posts JSON to the query API asks it
// something.
func (i *inlet) mayBeSpans(r *http.Request) bool {
	if isOtherSignal(r.URL.Path) {
		return false
	}
	switch kind := mediaType(r); kind {
	case "application/x-thrift", "application/vnd.apache.thrift.binary", "application/x-protobuf":
		return true
	case "application/json":
		return i.receives
	default:
		return strings.HasPrefix(kind, "application/grpc")
	}
}

func (i *inlet) misdirected(path, owner string) *wire.Fault {
	detail := fmt.Sprintf("POST %.100q", path)
	if addr, ok := i.addrs[owner]; ok {
		detail += " belongs on " + addr
	}
	return &wire.Fault{Reason: wire.Misdirected, Detail: detail}
}

// fromPrograms refuses what a page of another origin makes a browser send to a port
// for spans: a simple request needs no permission, and any page could fill the
// store. Programs have no origin.
func fromPrograms(i *inlet, next http.Handler) http.Handler {
	if !i.receives {
		return next
	}
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := foreign.Check(r); err != nil {
			fault := &wire.Fault{Reason: wire.CrossOrigin, Detail: fmt.Sprintf("%.128q", r.Header.Get("Origin"))}
			i.reject(remote(r), int(max(0, r.ContentLength)), fault)
			http.Error(w, fault.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
