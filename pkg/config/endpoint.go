package config

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// web are the schemes of a URL that is asked over HTTP.
func web() []string { return []string{"http", "https"} }

// route is how a tracer's spans get to a collector.
type route struct {
	kind.Endpoint
	// schemes are all that the tracer can use, the usual one first.
	schemes []string
	// others are the tracer's other endpoints.
	others []kind.Endpoint
}

// routeOf returns the route that tracer takes to raw.
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

// mended returns u with the port and the path that were likely meant, without
// user info. The port of another endpoint of the tracer says which one was meant.
func (r *route) mended(u *url.URL) string {
	scheme, path, port := u.Scheme, usualPath(&r.Endpoint), u.Port()
	n, err := strconv.Atoi(port)
	other := slices.IndexFunc(r.others, func(e kind.Endpoint) bool { return e.Port() == n })
	switch secure := scheme == "https" || scheme == "grpcs"; {
	case err == nil && other >= 0:
		e := &r.others[other]
		scheme, path = withTLS(e.Schemes[0], secure), usualPath(e)
	case err == nil && spoken(n) != "", port == "" && !r.Path:
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

// checkEndpoint judges reporter.collector.endpoint by the tracer it is for.
func (l *loader) checkEndpoint(cfg *Config) {
	raw := cfg.Reporter.Collector.Endpoint
	if raw == "" || l.broken[keyCollectorEndpoint] || l.broken[keyTracer] {
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
		// The tracer was changed and the endpoint left behind.
		c.instead = ""
		c.hint = "did you mean " + l.spell(keyCollectorEndpoint, tracer.Layer, r.Example) + " as well?"
	case c.instead == "":
		c.hint = "such as " + from.assign(key, r.Example)
	}
	l.refuse(key, from, c)
}

// check checks what follows the scheme of a URL that can be parsed.
func (r *route) check(raw string) *complaint {
	u, err := url.Parse(raw)
	if err != nil || r.AnyPath {
		return nil
	}
	c := &complaint{got: quote(raw), instead: r.mended(u)}
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

// warnEndpoint points at an endpoint that belongs to another tracer: by its port
// where that is a known one, else by its path.
func (l *loader) warnEndpoint(cfg *Config) {
	raw := cfg.Reporter.Collector.Endpoint
	u, err := url.Parse(raw)
	if err != nil || raw == "" {
		return
	}
	r := routeOf(cfg.Tracer, raw)
	want, path := r.Port(), usualPath(&r.Endpoint)
	port, err := strconv.Atoi(u.Port())
	hint := l.didYouMean(keyCollectorEndpoint, r.mended(u))
	switch {
	case err == nil && port != want && spoken(port) != "":
		l.warnPort(keyCollectorEndpoint, "has port", port, want, r.mended(u))
	case !r.Path:
	case u.Path == "" || u.Path == "/":
		l.warnValue(keyCollectorEndpoint, hint, "has no path; %s answers at %s", r.Name, path)
	case u.Path == path+"/":
		l.warnValue(keyCollectorEndpoint, hint, "ends in a slash; %s answers at %s", r.Name, path)
	case u.Path != path && pathOf(u.Path) != "":
		l.warnValue(keyCollectorEndpoint, hint, "has path %s, which is for %s; %s answers at %s",
			u.Path, pathOf(u.Path), r.Name, path)
	}
}

// pathOf says what is sent to a path by those who have one of their own.
func pathOf(path string) string {
	return map[string]string{
		"/api/traces":   "Jaeger's thrift",
		"/v1/traces":    "OTLP",
		"/api/v2/spans": "Zipkin",
		"/api/v1/spans": "Zipkin's first format",
	}[path]
}
