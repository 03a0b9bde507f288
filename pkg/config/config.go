// Package config merges defaults, config.yaml, JAEGER_*, OTEL_* and OTDEMO_* variables
// and flags into one Config, records the origin of each value, and rejects what cannot
// work, with all errors at once. Start at Load.
package config

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Config is the effective configuration. Its fields are the keys of config.yaml, except
// those without a name there; the key table describes each. A Config that Load
// returned is valid; it must not be changed while others read it.
type Config struct {
	Tracer        string   `yaml:"tracer"`
	Service       string   `yaml:"service"` // if empty, the command's own
	Disabled      bool     `yaml:"disabled"`
	TraceID128Bit bool     `yaml:"trace_id_128bit"`
	RPCMetrics    bool     `yaml:"rpc_metrics"`
	Sampler       Sampler  `yaml:"sampler"`
	Reporter      Reporter `yaml:"reporter"`
	// Propagation lists the propagation formats. Load resolves an empty list; read
	// Config.Formats instead.
	Propagation []string `yaml:"propagation"`
	Tags        []Tag    `yaml:"tags"` // of the process, so on each of its spans
	Query       Query    `yaml:"query"`
	Serve       Serve    `yaml:"serve"`
	Call        Call     `yaml:"call"`
}

// The samplers of jaeger-client-go.
const (
	SamplerConst         = kind.SamplerConst
	SamplerProbabilistic = kind.SamplerProbabilistic
	SamplerRateLimiting  = kind.SamplerRateLimiting
	SamplerRemote        = kind.SamplerRemote
)

// The tracers. TracerNoop makes no spans.
const (
	TracerJaeger  = kind.Jaeger
	TracerZipkin  = kind.Zipkin
	TracerAppdash = kind.Appdash
	TracerOTel    = kind.OTel
	TracerNoop    = kind.Noop
)

// The propagation formats, see the constants in package kind.
const (
	PropagationJaeger   = kind.FormatJaeger
	PropagationW3C      = kind.FormatW3C
	PropagationB3       = kind.FormatB3
	PropagationB3Single = kind.FormatB3Single
	PropagationAppdash  = kind.FormatAppdash
)

// Sampler configures which traces are sampled.
type Sampler struct {
	// Type is one of the four constants.
	Type string `yaml:"type"`
	// Param is 0 or 1 for const, 0..1 for probabilistic, traces per second for
	// ratelimiting, and the probability until the first answer for remote.
	Param float64 `yaml:"param"`
	// Endpoint is the URL of the strategy server. Read Config.SamplingURL instead.
	Endpoint        string        `yaml:"endpoint"`
	RefreshInterval time.Duration `yaml:"refresh_interval"`
	MaxOperations   int           `yaml:"max_operations"`
}

// Reporter configures how finished spans are sent.
type Reporter struct {
	Agent         Agent         `yaml:"agent"`
	Collector     Collector     `yaml:"collector"`
	QueueSize     int           `yaml:"queue_size"` // in spans
	FlushInterval time.Duration `yaml:"flush_interval"`
	LogSpans      bool          `yaml:"log_spans"`
}

// Agent is where spans go over UDP, when no collector endpoint is set.
type Agent struct {
	// Host is a name or an address without port; an IPv6 address has no brackets.
	Host          string `yaml:"host"`
	Port          int    `yaml:"port"`
	MaxPacketSize int    `yaml:"max_packet_size"` // of a datagram's payload, in bytes
	// Reconnect resolves Host again on errors and every ReconnectInterval.
	Reconnect         bool          `yaml:"reconnect"`
	ReconnectInterval time.Duration `yaml:"reconnect_interval"`
}

// Collector is where spans go when not over UDP to an agent.
type Collector struct {
	// Endpoint is the whole URL, path included. Read Config.CollectorURL instead.
	Endpoint string `yaml:"endpoint"`
	// User and Password are both set or both empty.
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// WithoutHeaders reports that OTEL_EXPORTER_OTLP_HEADERS of the environment are not
	// intended for Endpoint and must not be sent there. It is not a key: Load sets it.
	WithoutHeaders bool `yaml:"-"`
}

// Tag is a process tag; its value is a string, as in JAEGER_TAGS.
type Tag struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

// Query is where traces are read back.
type Query struct {
	URL string `yaml:"url"`
}

// Serve is where the traced server listens.
type Serve struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"` // 0 for any free one
}

// Call is what the traced client requests.
type Call struct {
	URL string `yaml:"url"`
}

// Defaults returns the configuration without any file, variable or flag. config.yaml in
// the repository has the same values.
func Defaults() Config {
	return Config{
		Tracer:     TracerJaeger,
		RPCMetrics: true,
		Sampler: Sampler{
			Type:            SamplerConst,
			Param:           1,
			RefreshInterval: time.Minute,
			MaxOperations:   2000,
		},
		Reporter: Reporter{
			Agent: Agent{
				Host:              "localhost",
				Port:              6831,
				MaxPacketSize:     65000,
				Reconnect:         true,
				ReconnectInterval: 30 * time.Second,
			},
			QueueSize:     10000,
			FlushInterval: time.Second,
		},
		Query: Query{URL: "http://localhost:16686"},
		Serve: Serve{Host: "127.0.0.1", Port: 8000},
		Call:  Call{URL: "http://localhost:8000/"},
	}
}

// UsesCollector reports whether spans go to a collector; the agent's settings
// are not used then.
func (c *Config) UsesCollector() bool { return c.CollectorURL() != "" }

// CollectorURL returns where spans go: reporter.collector.endpoint, or the
// tracer's default; "" when they go to an agent over UDP, or nowhere. Its scheme
// is http or https, for tracer otel also grpc or grpcs (OTLP over gRPC, which has
// no path), for tracer appdash tcp.
func (c *Config) CollectorURL() string {
	return cmp.Or(c.Reporter.Collector.Endpoint, kind.Of(c.Tracer).CollectorURL)
}

// Formats returns the propagation formats: propagation, or those of the tracer's own
// library.
func (c *Config) Formats() []string {
	if len(c.Propagation) > 0 {
		return c.Propagation
	}
	return kind.Of(c.Tracer).Formats
}

// MakesSpans reports whether the tracer is one that makes spans.
func (c *Config) MakesSpans() bool { return !c.Disabled && c.Tracer != TracerNoop }

// callFormats returns the propagation formats for calls to services whose formats are
// unknown: those of the tracer's own library, and those that others read.
func (c *Config) callFormats() []string {
	formats := kind.Of(c.Tracer).Formats
	for _, format := range []string{PropagationJaeger, PropagationW3C, PropagationB3} {
		if !slices.Contains(formats, format) {
			formats = append(formats, format)
		}
	}
	return formats
}

// samplingPort is where Jaeger's agent serves sampling strategies over HTTP.
const samplingPort = 5778

// SamplingURL returns the URL of the remote sampler's strategy server:
// sampler.endpoint, or the one of the agent's host, as jaeger-client-go
// derives it from JAEGER_AGENT_HOST.
func (c *Config) SamplingURL() string {
	return cmp.Or(c.Sampler.Endpoint, samplingURL(c.Reporter.Agent.Host))
}

func samplingURL(host string) string {
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(samplingPort)), Path: "/sampling"}
	return u.String()
}
