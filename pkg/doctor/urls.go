package doctor

import (
	"net"
	"net/url"
)

// Jaeger's ports for people and for thrift over HTTP, as in URLs.
const (
	portUI         = "16686"
	portThriftHTTP = "14268"
	// thriftPath is where port 14268 takes spans.
	thriftPath = "/api/traces"
)

// bare returns u without user info.
func bare(u *url.URL) string {
	c := *u
	c.User = nil
	return c.String()
}

// bareText is bare for a URL that is still text.
func bareText(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(no URL)"
	}
	return bare(u)
}

// portOf is the port that a request to u goes to.
func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https", u.Scheme == schemeGRPCS:
		return "443"
	default:
		return "80"
	}
}

// dialAddr is the host:port that a request to u goes to.
func dialAddr(u *url.URL) string { return net.JoinHostPort(u.Hostname(), portOf(u)) }

// otherScheme returns u with TLS for none and the other way round.
func otherScheme(u *url.URL) string {
	c := *u
	c.Scheme = map[string]string{"https": "http", schemeGRPC: schemeGRPCS, schemeGRPCS: schemeGRPC}[u.Scheme]
	if c.Scheme == "" {
		c.Scheme = "https"
	}
	return bare(&c)
}

// withPort returns the root of u's host at another port, over plain HTTP, which
// is what Jaeger speaks on its own ports.
func withPort(u *url.URL, port string) string {
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(u.Hostname(), port)}).String()
}

// withPath returns u with another path and nothing behind it.
func withPath(u *url.URL, path string) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}).String()
}
