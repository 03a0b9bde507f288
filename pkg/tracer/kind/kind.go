// Package kind has the table of the tracing systems: what configuration, tracers and
// commands have to know of each. It imports nothing, so that all of them may use it.
// Start at All; a further system is a row there, a package below pkg/tracer/internal
// and a line in pkg/tracer's systems.
package kind

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The names of the tracing systems. Noop makes no spans.
const (
	Jaeger  = "jaeger"
	Zipkin  = "zipkin"
	Appdash = "appdash"
	OTel    = "otel"
	Noop    = "noop"
)

// The propagation formats.
const (
	// FormatJaeger is jaeger-client-go's uber-trace-id.
	FormatJaeger = "jaeger"
	// FormatW3C is traceparent, tracestate and baggage.
	FormatW3C = "w3c"
	// FormatB3 is Zipkin's x-b3-traceid and the headers beside it. It is extracted
	// from the single header as well.
	FormatB3 = "b3"
	// FormatB3Single is Zipkin's single header, b3.
	FormatB3Single = "b3-single"
	// FormatAppdash is the headers of Appdash's tracer, which no other has.
	FormatAppdash = "appdash"
)

// Formats returns the names of all propagation formats.
func Formats() []string {
	return []string{FormatJaeger, FormatW3C, FormatB3, FormatB3Single, FormatAppdash}
}

// The samplers.
const (
	SamplerConst         = "const"
	SamplerProbabilistic = "probabilistic"
	SamplerRateLimiting  = "ratelimiting"
	SamplerRemote        = "remote"
)

// The usual addresses of collectors that rules name.
const (
	JaegerCollector   = "http://localhost:14268/api/traces"
	OTLPCollector     = "http://localhost:4318/v1/traces"
	OTLPGRPCCollector = "grpc://localhost:4317"
)

// Kind is what is known of a tracing system.
type Kind struct {
	Name string
	// Aliases are other names that the configuration accepts.
	Aliases []string
	// CollectorURL is where spans go by default; empty if they go to an agent over
	// UDP, or nowhere.
	CollectorURL string
	// Endpoints are the protocols in which collectors accept its spans, the usual
	// one first.
	Endpoints []Endpoint
	// Formats are the propagation formats of its own library.
	Formats []string
	// Exclusive is true if no other system can use its formats.
	Exclusive bool
	Samplers  []string
	// TraceIDBits is the only length of its trace ids, 0 if both are possible.
	TraceIDBits int
	// NoUser is true if its collector has no authentication.
	NoUser bool
	// OTelVariables is true if the OTEL_* variables configure it.
	OTelVariables bool
	// QueryPorts are where traces can be read back besides Jaeger's port.
	QueryPorts []int
}

// Endpoint is a protocol in which a collector accepts spans.
type Endpoint struct {
	// Name is the protocol, or the program that accepts it.
	Name string
	// Schemes are those of its URLs, the usual one first.
	Schemes []string
	// Example is the usual URL.
	Example string
	// Path is true if its URLs have a path.
	Path bool
	// AnyPath is true if a path that is missing may be right: a proxy may add it.
	AnyPath bool
}

// Port returns the port of the example, 0 if it has none.
func (e *Endpoint) Port() int {
	u, err := url.Parse(e.Example)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port())
	return port
}

// HasDefault reports whether spans go to a collector unless another is configured.
func (k *Kind) HasDefault() bool { return k.CollectorURL != "" }

// Schemes returns the schemes of all endpoints, without repetition.
func (k *Kind) Schemes() []string {
	var all []string
	for i := range k.Endpoints {
		for _, scheme := range k.Endpoints[i].Schemes {
			if !slices.Contains(all, scheme) {
				all = append(all, scheme)
			}
		}
	}
	return all
}

// Endpoint returns the endpoint that raw, a URL that need not parse, is for by its
// scheme; the usual one if none has that scheme.
func (k *Kind) Endpoint(raw string) Endpoint {
	scheme, _, _ := strings.Cut(raw, "://")
	for _, e := range k.Endpoints {
		if slices.Contains(e.Schemes, scheme) {
			return e
		}
	}
	return k.Endpoints[0]
}

// All returns the tracing systems, the default one first.
func All() []Kind {
	web := []string{"http", "https"}
	every := []string{SamplerConst, SamplerProbabilistic, SamplerRateLimiting, SamplerRemote}
	byID := []string{SamplerConst, SamplerProbabilistic}
	return []Kind{
		{
			Name:      Jaeger,
			Endpoints: []Endpoint{{Name: "Jaeger", Schemes: web, Example: JaegerCollector, Path: true, AnyPath: true}},
			Formats:   []string{FormatJaeger},
			Samplers:  every,
		},
		{
			Name:         Zipkin,
			CollectorURL: "http://localhost:9411/api/v2/spans",
			Endpoints:    []Endpoint{{Name: "Zipkin", Schemes: web, Example: "http://localhost:9411/api/v2/spans", Path: true}},
			Formats:      []string{FormatB3},
			Samplers:     byID,
			QueryPorts:   []int{9411},
		},
		{
			Name:         Appdash,
			CollectorURL: "tcp://localhost:7701",
			Endpoints:    []Endpoint{{Name: "Appdash", Schemes: []string{"tcp"}, Example: "tcp://localhost:7701"}},
			Formats:      []string{FormatAppdash},
			Exclusive:    true,
			Samplers:     byID,
			TraceIDBits:  64,
			NoUser:       true,
		},
		{
			Name:         OTel,
			Aliases:      []string{"opentelemetry", "otlp"},
			CollectorURL: OTLPCollector,
			Endpoints: []Endpoint{
				{Name: "OTLP over HTTP", Schemes: web, Example: OTLPCollector, Path: true},
				{Name: "OTLP over gRPC", Schemes: []string{"grpc", "grpcs"}, Example: OTLPGRPCCollector},
			},
			Formats:       []string{FormatW3C},
			Samplers:      append(byID, SamplerRemote),
			TraceIDBits:   128,
			OTelVariables: true,
		},
		{
			// It accepts what any other does.
			Name:    Noop,
			Aliases: []string{"none"},
			Endpoints: []Endpoint{{
				Name: "a collector", Schemes: append(web, "grpc", "grpcs", "tcp"), Example: JaegerCollector, Path: true, AnyPath: true,
			}},
			Formats:  []string{FormatJaeger},
			Samplers: every,
		},
	}
}

// Names returns the names of the tracing systems, the default one first.
func Names() []string {
	var names []string
	for _, k := range All() {
		names = append(names, k.Name)
	}
	return names
}

// Of returns the row of a name, that of Noop for an unknown one.
func Of(name string) Kind {
	all := All()
	for _, k := range all {
		if k.Name == name {
			return k
		}
	}
	return all[len(all)-1]
}
