package config

import (
	"math"
	"reflect"
	"strings"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Type is the type of a key's value.
type Type int

// The types. Lists are YAML lists in the file and separated by commas in
// variables and flags.
const (
	TypeString   Type = iota
	TypeSecret        // a string that is never shown
	TypeHost          // a host name or address without port
	TypeURL           // an http or https URL, a collector's by its tracer; user info is never shown
	TypeBool          // true or false
	TypeInt           // a whole number
	TypeFloat         // a number
	TypeDuration      // a number with a unit: 500ms, 1s, 1m30s
	TypeWords         // a list of words
	TypeTags          // a list of {name, value}; name=value in variables
)

// Key describes one key of the configuration.
type Key struct {
	// Name is the key as in config.yaml, with dots between its levels.
	Name string
	Type Type
	// Default is the default as text, in the form of Value.Text.
	Default string
	// Doc is one line: what the key is for.
	Doc string
	// Otdemo is the OTDEMO_* variable.
	Otdemo string
	// Jaeger lists the JAEGER_* variables, if any, the strongest first.
	Jaeger []string
	// OTel lists the OTEL_* variables, if any, the strongest first. They are used with
	// tracer otel only.
	OTel []string

	values   []string          // the only values, in lower case; any case is accepted
	aliases  map[string]string // other systems' names of them, for hints
	min, max int               // the bounds of a whole number
	example  string            // a valid URL, for hints
}

// Keys returns every key in the order of config.yaml. It is the source of
// docs/configuration.md, of the OTDEMO_* names and of the help of flags. The
// caller owns the slice.
func Keys() []Key {
	defaults := flatten(Defaults())
	all := append(tracerKeys(), reporterKeys()...)
	all = append(all, otherKeys()...)
	for i := range all {
		k := &all[i]
		k.Otdemo = otdemoPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
		k.Default = k.Type.format(defaults[k.Name])
		if k.Type == TypeURL && k.example == "" {
			k.example = k.Default
		}
	}
	return all
}

// Lookup returns the key of that name, as in config.yaml.
func Lookup(name string) (Key, bool) {
	for _, k := range Keys() {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// The keys that are used in rules.
const (
	keyTracer            = "tracer"
	keyService           = "service"
	keyDisabled          = "disabled"
	keyTraceID128Bit     = "trace_id_128bit"
	keySamplerType       = "sampler.type"
	keySamplerParam      = "sampler.param"
	keySamplingEndpoint  = "sampler.endpoint"
	keyRefreshInterval   = "sampler.refresh_interval"
	keyAgentHost         = "reporter.agent.host"
	keyAgentPort         = "reporter.agent.port"
	keyReconnect         = "reporter.agent.reconnect"
	keyReconnectInterval = "reporter.agent.reconnect_interval"
	keyCollectorEndpoint = "reporter.collector.endpoint"
	keyCollectorUser     = "reporter.collector.user"
	keyCollectorPassword = "reporter.collector.password"
	keyQueueSize         = "reporter.queue_size"
	keyFlushInterval     = "reporter.flush_interval"
	keyPropagation       = "propagation"
	keyTags              = "tags"
	keyQueryURL          = "query.url"
)

func tracerKeys() []Key {
	names, aliases := kind.Names(), map[string]string{}
	for _, k := range kind.All() {
		for _, alias := range k.Aliases {
			aliases[alias] = k.Name
		}
	}
	return []Key{
		{
			Name: keyTracer, values: names, aliases: aliases,
			Doc: "implementation behind OpenTracing: " + strings.Join(names[:len(names)-1], ", ") + ", or noop, which makes no spans",
		},
		{
			Name: keyService, Jaeger: []string{"JAEGER_SERVICE_NAME"}, OTel: []string{envServiceName, envResource},
			Doc: "service name on every span; if empty, otdemo-server for serve and otdemo-client for call",
		},
		{
			Name: keyDisabled, Type: TypeBool, Jaeger: []string{"JAEGER_DISABLED"}, OTel: []string{envSDKDisabled, envTracesExporter},
			Doc: "make no spans at all",
		},
		{
			Name: keyTraceID128Bit, Type: TypeBool, Jaeger: []string{"JAEGER_TRACEID_128BIT"},
			Doc: "make trace ids of 128 bits instead of 64; otel's always have 128, appdash's always 64",
		},
		{
			Name: "rpc_metrics", Type: TypeBool, Jaeger: []string{"JAEGER_RPC_METRICS"},
			Doc: "count and time server spans, shown on serve's /metrics",
		},
		{
			Name: keySamplerType, Jaeger: []string{"JAEGER_SAMPLER_TYPE"}, OTel: []string{envTracesSampler},
			values: []string{SamplerConst, SamplerProbabilistic, SamplerRateLimiting, SamplerRemote},
			Doc:    "which traces are sampled: all or none, a share, a number per second, or by the strategy server",
		},
		{
			Name: keySamplerParam, Type: TypeFloat, Jaeger: []string{"JAEGER_SAMPLER_PARAM"},
			OTel: []string{envSamplerArg, envTracesSampler},
			Doc:  "parameter of the sampler",
		},
		{
			Name: keySamplingEndpoint, Type: TypeURL, example: "http://localhost:5778/sampling",
			Jaeger: []string{"JAEGER_SAMPLING_ENDPOINT", "JAEGER_SAMPLER_MANAGER_HOST_PORT"}, OTel: []string{envSamplerArg},
			Doc: "strategy server of the remote sampler; if empty, http://<reporter.agent.host>:5778/sampling",
		},
		{
			Name: keyRefreshInterval, Type: TypeDuration, Jaeger: []string{"JAEGER_SAMPLER_REFRESH_INTERVAL"},
			OTel: []string{envSamplerArg},
			Doc:  "time between two fetches of the strategy",
		},
		{
			Name: "sampler.max_operations", Type: TypeInt, min: 1, max: math.MaxInt32,
			Jaeger: []string{"JAEGER_SAMPLER_MAX_OPERATIONS"},
			Doc:    "operations that have their own sampler when the sampler is remote; the others share one",
		},
	}
}

const (
	// minPacketSize is the largest UDP payload that every IPv4 host must accept:
	// a datagram of 576 bytes (RFC 791) with the longest header.
	minPacketSize = 508
	// maxPacketSize is the largest UDP payload over IPv4.
	maxPacketSize = 65507
	// maxQueueSize keeps the queue, which is allocated at the start, below a few
	// hundred megabytes.
	maxQueueSize = 10_000_000
	maxPort      = 65535
)

func reporterKeys() []Key {
	return []Key{
		{
			Name: keyAgentHost, Type: TypeHost, Jaeger: []string{"JAEGER_AGENT_HOST"},
			Doc: "host that receives spans over UDP",
		},
		{
			Name: keyAgentPort, Type: TypeInt, min: 1, max: maxPort, Jaeger: []string{"JAEGER_AGENT_PORT"},
			Doc: "UDP port that receives spans as compact thrift",
		},
		{
			Name: "reporter.agent.max_packet_size", Type: TypeInt, min: minPacketSize, max: maxPacketSize,
			Doc: "largest UDP payload; a span that does not fit is counted and logged",
		},
		{
			Name: keyReconnect, Type: TypeBool,
			Jaeger: []string{"JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED"},
			Doc:    "resolve the host again on errors and on an interval (the JAEGER_* variable is the opposite: true turns it off)",
		},
		{
			Name: keyReconnectInterval, Type: TypeDuration,
			Jaeger: []string{"JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL"},
			Doc:    "time between two resolutions of the host",
		},
		{
			Name: keyCollectorEndpoint, Type: TypeURL, Jaeger: []string{"JAEGER_ENDPOINT"},
			OTel:    []string{envTracesEndpoint, envOTLPEndpoint, envTracesProtocol, envOTLPProtocol},
			example: kind.JaegerCollector,
			Doc:     "URL to send spans to; if empty, the Jaeger agent, or the tracer's default",
		},
		{
			Name: keyCollectorUser, Jaeger: []string{"JAEGER_USER"},
			Doc: "user for basic authentication at the collector; needs the password",
		},
		{
			Name: keyCollectorPassword, Type: TypeSecret, Jaeger: []string{"JAEGER_PASSWORD"},
			Doc: "password for basic authentication at the collector; never shown",
		},
		{
			Name: keyQueueSize, Type: TypeInt, min: 1, max: maxQueueSize,
			Jaeger: []string{"JAEGER_REPORTER_MAX_QUEUE_SIZE"},
			OTel:   []string{envQueueSize},
			Doc:    "finished spans that wait to be sent; when the queue is full, spans are dropped and counted",
		},
		{
			Name: keyFlushInterval, Type: TypeDuration, Jaeger: []string{"JAEGER_REPORTER_FLUSH_INTERVAL"},
			OTel: []string{envScheduleDelay},
			Doc:  "longest time a span waits for its batch to fill",
		},
		{
			Name: "reporter.log_spans", Type: TypeBool, Jaeger: []string{"JAEGER_REPORTER_LOG_SPANS"},
			Doc: "log each finished span as well",
		},
	}
}

func otherKeys() []Key {
	return []Key{
		{
			Name: keyPropagation, Type: TypeWords, OTel: []string{envPropagators},
			values: kind.Formats(),
			aliases: map[string]string{
				"uber-trace-id": PropagationJaeger, "tracecontext": PropagationW3C, "traceparent": PropagationW3C,
				"b3multi": PropagationB3, "x-b3-traceid": PropagationB3,
			},
			Doc: "propagation formats, any of jaeger, w3c, b3 and b3-single; if empty, the tracer's own, " +
				"for call also jaeger, w3c and b3",
		},
		{
			Name: keyTags, Type: TypeTags, Jaeger: []string{"JAEGER_TAGS"}, OTel: []string{envResource},
			Doc: "tags on the process, so on each of its spans; in variables `a=b,c=${HOME:none}`",
		},
		{
			Name: keyQueryURL, Type: TypeURL,
			Doc: "UI and query address of the backend, Jaeger's or Zipkin's, with its base path if it has one",
		},
		{
			Name: "serve.host", Type: TypeHost,
			Doc: "address that serve listens on; 0.0.0.0 for every interface",
		},
		{
			Name: "serve.port", Type: TypeInt, min: 0, max: maxPort,
			Doc: "TCP port that serve listens on; 0 picks a free one",
		},
		{
			Name: "call.url", Type: TypeURL,
			Doc: "URL that call requests when none is given",
		},
	}
}

// flatten returns the values of cfg by key. The keys are from the yaml tags, so that no
// field can be forgotten.
func flatten(cfg Config) map[string]any {
	values := map[string]any{}
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for field, value := range v.Fields() {
			if field.Tag.Get("yaml") == "-" {
				continue
			}
			name := prefix + field.Tag.Get("yaml")
			if value.Kind() == reflect.Struct {
				walk(name+".", value)
				continue
			}
			values[name] = value.Interface()
		}
	}
	walk("", reflect.ValueOf(cfg))
	return values
}
