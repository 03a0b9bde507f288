package config

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// httpSchemes returns the schemes of URLs for HTTP.
func httpSchemes() []string { return []string{"http", "https"} }

// route is how a tracer sends spans to a collector.
type route struct {
	kind.Endpoint
	// schemes are all those that the tracer supports, the usual one first.
	schemes []string
	// others are the tracer's other endpoints.
	others []kind.Endpoint
}

// routeOf returns the route of a tracer to raw.
func routeOf(tracer, raw string) route {
	k := kind.Of(tracer)
	r := route{Endpoint: k.Endpoint(raw), schemes: k.Schemes()}
	for _, e := range k.Endpoints {
		if e.Name != r.Name {
			r.others = append(r.others, e)
		}
	}
	return r
}

// overGRPC reports whether raw is an endpoint for OTLP over gRPC.
func overGRPC(raw string) bool {
	return strings.HasPrefix(raw, "grpc://") || strings.HasPrefix(raw, "grpcs://")
}

// usualPath returns the path of an endpoint's example.
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
	other := slices.IndexFunc(r.others, func(e kind.Endpoint) bool { return e.Port() == n })
	switch secure := scheme == "https" || scheme == "grpcs"; {
	case err == nil && other >= 0:
		e := &r.others[other]
		scheme, path = withTLS(e.Schemes[0], secure), usualPath(e)
	case err == nil && portUse(n) != "", port == "" && !r.Path:
		port = strconv.Itoa(r.Port())
	}
	out := url.URL{Scheme: scheme, Host: u.Host, Path: path}
	if port != "" {
		out.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return out.String()
}

func withTLS(scheme string, secure bool) string {
	if secure {
		return scheme + "s"
	}
	return scheme
}

// checkEndpoint checks reporter.collector.endpoint for the tracer.
func (l *loader) checkEndpoint(cfg *Config) {
	raw := cfg.Reporter.Collector.Endpoint
	if raw == "" || l.invalid[keyCollectorEndpoint] || l.invalid[keyTracer] {
		return
	}
	key, from := l.byName[keyCollectorEndpoint], l.origins[keyCollectorEndpoint]
	tracer, r := l.origins[keyTracer], routeOf(cfg.Tracer, raw)
	c := checkURL(raw, &r)
	if c == nil {
		if c = r.check(raw); c == nil {
			return
		}
	}
	if cfg.Tracer != TracerJaeger {
		c.claim += " for tracer " + cfg.Tracer
	}
	switch {
	case tracer.Layer > from.Layer:
		// The tracer was changed and the endpoint was not.
		c.instead = ""
		c.hint = "did you mean " + l.assignment(keyCollectorEndpoint, tracer.Layer, r.Example) + " as well?"
	case c.instead == "":
		c.hint = "such as " + from.assign(key, r.Example)
	}
	l.failValue(key, from, c)
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

// warnEndpoint warns about an endpoint of another tracer, which it identifies by the
// port if that is a known one, else by the path.
func (l *loader) warnEndpoint(cfg *Config) {
	raw := cfg.Reporter.Collector.Endpoint
	u, err := url.Parse(raw)
	if err != nil || raw == "" {
		return
	}
	r := routeOf(cfg.Tracer, raw)
	want, path := r.Port(), usualPath(&r.Endpoint)
	port, err := strconv.Atoi(u.Port())
	hint := l.didYouMean(keyCollectorEndpoint, r.suggestion(u))
	switch {
	case err == nil && port != want && portUse(port) != "":
		l.warnPort(keyCollectorEndpoint, "has port", port, want, r.suggestion(u))
	case !r.Path:
	case u.Path == "" || u.Path == "/":
		l.warnValue(keyCollectorEndpoint, hint, "has no path; %s uses %s", r.Name, path)
	case u.Path == path+"/":
		l.warnValue(keyCollectorEndpoint, hint, "ends in a slash; %s uses %s", r.Name, path)
	case u.Path != path && pathOf(u.Path) != "":
		l.warnValue(keyCollectorEndpoint, hint, "has path %s, which is for %s; %s uses %s",
			u.Path, pathOf(u.Path), r.Name, path)
	}
}

// pathOf returns the format that is sent to a well-known path, "" for another.
func pathOf(path string) string {
	return map[string]string{
		"/api/traces":   "Jaeger's thrift",
		"/v1/traces":    "OTLP",
		"/api/v2/spans": "Zipkin",
		"/api/v1/spans": "Zipkin's first format",
	}[path]
}
