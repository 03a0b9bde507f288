package send

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// Protocol is a protocol in which a backend receives the spans of a tracer.
type Protocol struct {
	// Name is the protocol in a sentence, others those that are mixed up with it.
	Name, Others string
	// Tracer is the tracer that uses it.
	Tracer string
	// Scheme, Port and Path are where a backend receives it by default.
	Scheme, Port, Path string
	// PathID is the id of the probe that tries it in addition to the configured
	// path.
	PathID string
	// body encodes spans; mediaType is that of a post, and Accepted the status
	// that it is answered with. Appdash's packets have none of them.
	body      func(context.Context, RawSpan) ([]byte, error)
	mediaType string
	Accepted  int
	// Closed are explanations of a closed port.
	Closed []probe.Cause
}

// The ports at which backends receive spans by default, as in URLs.
const (
	PortOTLPGRPC   = "4317"
	PortOTLPHTTP   = "4318"
	PortZipkinHTTP = "9411"
	portAppdash    = "7701"
)

// Protocols are those of all tracers.
func Protocols() []Protocol {
	return []Protocol{
		{
			Name: "thrift", Others: "an OTLP or Zipkin port", Tracer: config.TracerJaeger,
			Scheme: "http", Port: probe.PortThriftHTTP, Path: probe.ThriftPath, PathID: probe.IDHTTPPath,
			mediaType: "application/x-thrift", Accepted: http.StatusAccepted, body: thriftBody,
			Closed: []probe.Cause{
				{Text: "Jaeger 2's configuration has no jaeger receiver with thrift_http, or no pipeline lists it"},
			},
		},
		{
			Name: "Zipkin's JSON", Others: "a thrift or OTLP port", Tracer: config.TracerZipkin,
			Scheme: "http", Port: PortZipkinHTTP, Path: "/api/v2/spans", PathID: probe.IDZipkinPath,
			mediaType: "application/json", Accepted: http.StatusAccepted, body: zipkinBody,
			Closed: []probe.Cause{
				{Text: "Jaeger 1 receives Zipkin spans only with COLLECTOR_ZIPKIN_HOST_PORT=:9411"},
				{Text: "Jaeger 2's configuration has no zipkin receiver, or no pipeline lists it"},
			},
		},
		{
			Name: "OTLP over HTTP", Others: "a thrift or Zipkin port", Tracer: config.TracerOTel,
			Scheme: "http", Port: PortOTLPHTTP, Path: "/v1/traces", PathID: probe.IDOTLPPath,
			mediaType: "application/x-protobuf", Accepted: http.StatusOK, body: otlpBody, Closed: causesOTLPClosed("http"),
		},
		{
			Name: "OTLP over gRPC", Tracer: config.TracerOTel,
			Scheme: probe.SchemeGRPC, Port: PortOTLPGRPC, PathID: probe.IDOTLPGRPCPath, body: otlpBody, Closed: causesOTLPClosed("grpc"),
		},
		{
			Name: "Appdash's packets", Tracer: config.TracerAppdash, Scheme: probe.SchemeTCP, Port: portAppdash,
			Closed: []probe.Cause{{Text: "Jaeger has no such port: only Appdash's collector and otdemo all-in-one have it"}},
		},
	}
}

func causesOTLPClosed(protocol string) []probe.Cause {
	return []probe.Cause{
		{Text: "Jaeger 1 before 1.46 receives OTLP only with COLLECTOR_OTLP_ENABLED=true"},
		{Text: "Jaeger 2's configuration has no otlp receiver with " + protocol + ", or no pipeline lists it"},
	}
}

// ByPath returns the protocol that the probe of that id tries.
func ByPath(id string) Protocol {
	all := Protocols()
	return all[slices.IndexFunc(all, func(in Protocol) bool { return in.PathID == id })]
}

// OTLPInJSON returns OTLP over HTTP with bodies in JSON, which no tracer here sends.
func OTLPInJSON() Protocol {
	in := ByPath(probe.IDOTLPPath)
	in.mediaType, in.body = "application/json", otlpJSON
	return in
}

// ProtocolOf returns the one that the configuration uses. Over UDP, and without a tracer,
// it is what the same tracer would send over HTTP.
func ProtocolOf(t *probe.Target) Protocol {
	cfg := t.Config()
	all := Protocols()
	scheme, _, _ := strings.Cut(cfg.CollectorURL(), "://")
	isGRPC := scheme == probe.SchemeGRPC || scheme == probe.SchemeGRPCS
	i := slices.IndexFunc(all, func(in Protocol) bool {
		return in.Tracer == cfg.Tracer && isGRPC == (in.Scheme == probe.SchemeGRPC)
	})
	return all[max(i, 0)]
}

// URL returns the protocol's own port on host.
func (in Protocol) URL(host string) *url.URL {
	return &url.URL{Scheme: in.Scheme, Host: net.JoinHostPort(host, in.Port), Path: in.Path}
}

// At returns the URL as text.
func (in Protocol) At(host string) string { return in.URL(host).String() }

// Flag returns the flag that makes a tracer send to the protocol's own port on
// host.
func (in Protocol) Flag(host string) string { return "--collector-endpoint " + in.At(host) }

// TracerFlag returns Flag with the tracer that has the protocol.
func (in Protocol) TracerFlag(host string) string {
	return "--tracer " + in.Tracer + " " + in.Flag(host)
}

// PortOwner returns the other protocol whose default port u has; false if the
// port proves nothing.
func (in Protocol) PortOwner(u *url.URL) (Protocol, bool) {
	if u.Port() == in.Port {
		return Protocol{}, false
	}
	for _, other := range Protocols() {
		if u.Port() == other.Port {
			return other, true
		}
	}
	return Protocol{}, false
}

// WithWrongPortHint adds to the finding that a collector does not accept spans
// the protocol of its port, and the tracer that uses it.
func (in Protocol) WithWrongPortHint(f probe.Finding, u *url.URL) probe.Finding {
	other, ok := in.PortOwner(u)
	if !ok {
		return f
	}
	f.Fact += "; port " + other.Port + " is for " + other.Name + ", and tracer " + in.Tracer + " sends " + in.Name
	if other.Tracer != in.Tracer {
		return f.Hint(other.TracerFlag(u.Hostname()))
	}
	return f.Hint(other.Flag(u.Hostname()))
}

// ThriftURL returns where a Jaeger on host receives thrift over HTTP.
func ThriftURL(host string) string { return ByPath(probe.IDHTTPPath).At(host) }
