package probe

import (
	"net"
	"net/url"
)

// The schemes of collector URLs that are not HTTP's; see config.Config.CollectorURL.
const (
	SchemeGRPC  = "grpc"
	SchemeGRPCS = "grpcs"
	SchemeTCP   = "tcp"
)

// Jaeger's ports for people and for thrift over HTTP, as in URLs.
const (
	PortUI         = "16686"
	PortThriftHTTP = "14268"
	// ThriftPath is where port 14268 receives spans.
	ThriftPath = "/api/traces"
)

// Bare returns u without user info.
func Bare(u *url.URL) string {
	c := *u
	c.User = nil
	return c.String()
}

// BareText is bare for a URL that is still text.
func BareText(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(no URL)"
	}
	return Bare(u)
}

// PortOf is the port that a request to u goes to.
func PortOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https", u.Scheme == SchemeGRPCS:
		return "443"
	default:
		return "80"
	}
}

// DialAddr is the host:port that a request to u goes to.
func DialAddr(u *url.URL) string { return net.JoinHostPort(u.Hostname(), PortOf(u)) }

// OtherScheme returns u with TLS for none and the other way round.
func OtherScheme(u *url.URL) string {
	c := *u
	c.Scheme = map[string]string{"https": "http", SchemeGRPC: SchemeGRPCS, SchemeGRPCS: SchemeGRPC}[u.Scheme]
	if c.Scheme == "" {
		c.Scheme = "https"
	}
	return Bare(&c)
}

// WithPort returns the root of u's host at another port, over plain HTTP, which
// is what Jaeger speaks on its own ports.
func WithPort(u *url.URL, port string) string {
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(u.Hostname(), port)}).String()
}

// WithPath returns u with another path and nothing behind it.
func WithPath(u *url.URL, path string) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}).String()
}
