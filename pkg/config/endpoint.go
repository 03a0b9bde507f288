package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// The usual addresses of the collectors. Jaeger's is no default: without an
// endpoint spans go to the agent.
const (
	jaegerCollector   = "http://localhost:14268/api/traces"
	zipkinCollector   = "http://localhost:9411/api/v2/spans"
	otelCollector     = "http://localhost:4318/v1/traces"
	otelGRPCCollector = "grpc://localhost:4317"
	appdashCollector  = "tcp://localhost:7701"
)

// web are the schemes of a URL that is asked over HTTP.
func web() []string { return []string{"http", "https"} }

// route is the way of a tracer's spans to a collector.
type route struct {
	// name says who answers there.
	name string
	// schemes are those that the tracer can use, the usual one first.
	schemes []string
	// example is the usual URL for the scheme at hand.
	example string
	// paths says whether URLs of the scheme at hand have a path.
	paths bool
}

// routeOf returns the way that tracer takes to raw. A tracer that makes no spans
// takes whatever another would.
func routeOf(tracer, raw string) route {
	switch tracer {
	case TracerZipkin:
		return route{"Zipkin", web(), zipkinCollector, true}
	case TracerOTel:
		schemes := append(web(), "grpc", "grpcs")
		if overGRPC(raw) {
			return route{"OTLP over gRPC", schemes, otelGRPCCollector, false}
		}
		return route{"OTLP over HTTP", schemes, otelCollector, true}
	case TracerAppdash:
		return route{"Appdash", []string{"tcp"}, appdashCollector, false}
	case TracerJaeger:
		return route{"Jaeger", web(), jaegerCollector, true}
	}
	return route{"a collector", append(web(), "grpc", "grpcs", "tcp"), jaegerCollector, true}
}

// overGRPC reports whether raw is an endpoint for OTLP over gRPC.
func overGRPC(raw string) bool {
	return strings.HasPrefix(raw, "grpc://") || strings.HasPrefix(raw, "grpcs://")
}

// usual returns the port and the path of the example.
func (r *route) usual() (port int, path string) {
	u, err := url.Parse(r.example)
	if err != nil {
		return 0, ""
	}
	port, err = strconv.Atoi(u.Port())
	if err != nil {
		return 0, u.Path
	}
	return port, u.Path
}

// mended returns u with the port and the path that were likely meant, without
// user info. An OTLP port says by itself which of the two protocols it speaks.
func (r *route) mended(u *url.URL) string {
	want, path := r.usual()
	scheme, port := u.Scheme, u.Port()
	n, err := strconv.Atoi(port)
	switch secure := scheme == "https" || scheme == "grpcs"; {
	case r.name == "OTLP over HTTP" && n == otlpGRPCPort:
		scheme, path = withTLS("grpc", secure), ""
	case r.name == "OTLP over gRPC" && n == otlpHTTPPort:
		scheme, path = withTLS("http", secure), "/v1/traces"
	case err == nil && spoken(n) != "", port == "" && !r.paths:
		port = strconv.Itoa(want)
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
		c.hint = "did you mean " + l.spell(keyCollectorEndpoint, tracer.Layer, r.example) + " as well?"
	case c.instead == "":
		c.hint = "such as " + from.assign(key, r.example)
	}
	l.refuse(key, from, c)
}

// check judges what stands behind the scheme of a URL that can be read. Jaeger
// is only warned about a missing path: a proxy may add it.
func (r *route) check(raw string) *complaint {
	u, err := url.Parse(raw)
	if err != nil || r.name == "Jaeger" || r.name == "a collector" {
		return nil
	}
	c := &complaint{got: quote(raw), instead: r.mended(u)}
	switch {
	case r.paths && u.Path == "":
		c.claim = "must have a path"
	case !r.paths && u.Path != "":
		c.claim = "must not have a path"
	case !r.paths && u.Port() == "":
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
	want, path := r.usual()
	port, err := strconv.Atoi(u.Port())
	hint := l.didYouMean(keyCollectorEndpoint, r.mended(u))
	switch {
	case err == nil && port != want && spoken(port) != "":
		l.warnPort(keyCollectorEndpoint, "has port", port, want, r.mended(u))
	case !r.paths:
	case u.Path == "" || u.Path == "/":
		l.warnValue(keyCollectorEndpoint, hint, "has no path; %s answers at %s", r.name, path)
	case u.Path == path+"/":
		l.warnValue(keyCollectorEndpoint, hint, "ends in a slash; %s answers at %s", r.name, path)
	case u.Path != path && pathOf(u.Path) != "":
		l.warnValue(keyCollectorEndpoint, hint, "has path %s, which is for %s; %s answers at %s",
			u.Path, pathOf(u.Path), r.name, path)
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
