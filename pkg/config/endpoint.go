package config

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// route is how spans get to a collector, or a request to a server.
type route struct {
	kind.Endpoint
	// schemes are all those that the tracer supports, the usual one first.
	schemes []string
	// endpoints are all of the tracer's.
	endpoints []kind.Endpoint
}

// routeOf returns the route of a tracer to raw.
func routeOf(tracer, raw string) *route {
	k := kind.Of(tracer)
	return &route{k.Endpoint(raw), k.Schemes(), k.Endpoints}
}

// webRoute returns the route to one of Jaeger's URLs for HTTP.
func webRoute(example string) *route {
	r := &route{Endpoint: kind.Endpoint{Name: "Jaeger", Example: example}, schemes: []string{"http", "https"}}
	r.Path = usualPath(&r.Endpoint) != ""
	return r
}

func overGRPC(raw string) bool { return hasPrefix(raw, "grpc://", "grpcs://") }

func usualPath(e *kind.Endpoint) string {
	u, err := url.Parse(e.Example)
	if err != nil {
		return ""
	}
	return u.Path
}

// suggestion returns u with the port and the path that were likely intended, without
// user info. The port may be that of another endpoint of the tracer.
func (r *route) suggestion(u *url.URL) string {
	scheme, path, port := u.Scheme, usualPath(&r.Endpoint), u.Port()
	n, err := strconv.Atoi(port)
	i := slices.IndexFunc(r.endpoints, func(e kind.Endpoint) bool { return e.Port() == n })
	switch {
	case err == nil && i >= 0:
		e := &r.endpoints[i]
		scheme, path = withTLS(e.Schemes[0], encrypted(u)), usualPath(e)
	case err == nil && portUse(n) != "", port == "" && !r.Path:
		port = strconv.Itoa(r.Port())
	}
	out := url.URL{Scheme: scheme, Host: u.Host, Path: path}
	if port != "" {
		out.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return out.String()
}

func encrypted(u *url.URL) bool { return u.Scheme == "https" || u.Scheme == "grpcs" }

func withTLS(scheme string, secure bool) string {
	if secure {
		return scheme + "s"
	}
	return scheme
}

func (l *loader) checkEndpoint(cfg *Config) *problem {
	raw := cfg.Reporter.Collector.Endpoint
	r := routeOf(cfg.Tracer, raw)
	c := cmp.Or(checkURL(raw, r), r.check(raw))
	if raw == "" || c == nil {
		return nil
	}
	if cfg.Tracer != TracerJaeger {
		c.claim += " for tracer " + cfg.Tracer
	}
	from, tracer := l.origins[keyCollectorEndpoint], l.origins[keyTracer]
	switch {
	case tracer.Layer > from.Layer:
		// The tracer was changed and the endpoint was not.
		c.instead, c.hint = "", l.asWell(keyCollectorEndpoint, tracer.Layer, r.Example)
	case c.instead == "":
		c.hint = "such as " + from.assign(l.byName[keyCollectorEndpoint], r.Example)
	}
	return c
}

// check checks what follows the scheme of a URL that can be parsed.
func (r *route) check(raw string) *problem {
	u, err := url.Parse(raw)
	if err != nil || r.AnyPath {
		return nil
	}
	c := &problem{got: quote(raw), instead: r.suggestion(u)}
	switch {
	case r.Path && u.Path == "":
		c.claim = "must have a path"
	case !r.Path && u.Path != "":
		c.claim = "must not have a path"
	case !r.Path && u.Port() == "":
		c.claim = "must have a port"
	default:
		return nil
	}
	return c
}

// checkURL checks that raw has one of the schemes of r and a host. The example completes
// the suggestion for a bare host:port.
func checkURL(raw string, r *route) *problem {
	if raw == "" {
		return &problem{claim: "must not be empty"}
	}
	starts := orList(r.schemes, "://")
	c := &problem{claim: "must be a URL that starts with " + starts, got: quote(maskURL(raw))}
	u, err := url.Parse(raw)
	switch {
	case !strings.Contains(raw, "://"):
		c.claim = "must start with " + starts
		c.instead = r.completed(raw)
	case err != nil:
	case !slices.Contains(r.schemes, u.Scheme):
		c.claim = "must start with " + starts
	case u.Hostname() == "":
		c.claim = "must have a host"
	case !validPort(u.Port()):
		c.claim = "must have a port from 1 to 65535"
	default:
		return nil
	}
	return c
}

// completed returns a URL for host:port, or "" if that is invalid too.
func (r *route) completed(bare string) string {
	scheme := r.schemes[0]
	if strings.HasSuffix(bare, ":"+strconv.Itoa(otlpGRPCPort)) && slices.Contains(r.schemes, "grpc") {
		scheme = "grpc"
	}
	guess := scheme + "://" + bare
	if !strings.Contains(bare, "/") && scheme != "grpc" {
		guess += usualPath(&r.Endpoint)
	}
	if strings.Contains(bare, "@") || checkURL(guess, r) != nil {
		return ""
	}
	return guess
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}
