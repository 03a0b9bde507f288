package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
)

const (
	otlpGRPCPort  = 4317
	otlpHTTPPort  = 4318
	agentPort     = 6831
	appdashPort   = 7701
	zipkinPort    = 9411
	collectorPort = 14268
	queryPort     = 16686
)

// portUse returns what Jaeger's and Appdash's default ports are for, "" for others.
// 5775 is in versions before 2.
func portUse(port int) string {
	return map[int]string{
		otlpGRPCPort:  "OTLP over gRPC",
		otlpHTTPPort:  "OTLP over HTTP",
		5775:          "Zipkin's thrift over UDP",
		samplingPort:  "the sampling server",
		5779:          "the sampling server over gRPC",
		agentPort:     "compact thrift over UDP",
		6832:          "binary thrift over UDP",
		appdashPort:   "Appdash's collector",
		zipkinPort:    "Zipkin over HTTP",
		14250:         "spans over gRPC",
		collectorPort: "thrift over HTTP",
		14269:         "health and metrics",
		16685:         "the query API over gRPC",
		queryPort:     "the query API",
	}[port]
}

// warnConfig warns about what is valid and probably a mistake.
func (l *loader) warnConfig(cfg *Config) {
	if cfg.Disabled {
		l.warnValue(keyDisabled, l.didYouMean(keyDisabled, "false"), "is true, so no spans are made")
	}
	k := cfg.kind()
	l.warnURL(keyQueryURL, cfg.Query.URL, queryPort, k.QueryPorts...)
	if !cfg.MakesSpans() {
		return
	}
	l.warnSampler(cfg)
	l.warnTraceID(cfg)
	l.warnEndpoint(cfg)
	switch {
	case k.HasDefault():
		l.warnJaegerAddress(cfg)
		l.warnOtherAgent(cfg)
		return
	case cfg.UsesCollector():
		l.warnCollector()
		return
	}
	if port := cfg.Reporter.Agent.Port; port != agentPort && portUse(port) != "" {
		l.warnPort(keyAgentPort, "is", port, agentPort, strconv.Itoa(agentPort))
	}
	if cfg.Reporter.Collector.User != "" {
		l.warnValue(keyCollectorUser, "set "+keyCollectorEndpoint+" to send spans over HTTP",
			"is not used, because %s is empty", keyCollectorEndpoint)
	}
}

// warnValue warns about a key's value: origin, key, text.
func (l *loader) warnValue(key, hint, format string, args ...any) {
	text := key + " " + fmt.Sprintf(format, args...)
	if from := l.origins[key]; from.Detail != "" {
		text = from.Detail + ": " + text
	}
	l.warn(hint, "%s", text)
}

func (l *loader) warnSampler(cfg *Config) {
	s := &cfg.Sampler
	paramFrom := l.origins[keySamplerParam]
	keep := paramFrom.assign(l.byName[keySamplerParam], "1")
	if paramFrom.Detail == envSamplerArg && s.Type == SamplerRemote {
		keep = "initialSamplingRate=1 in " + envSamplerArg
	}
	switch {
	case s.Param != 0:
	case s.Type == SamplerRemote:
		l.warnValue(keySamplerParam, "did you mean "+keep+"?",
			"0 keeps no trace until the strategy server has answered")
	default:
		l.warnValue(keySamplerParam, "did you mean "+keep+"?", "0 keeps no trace: sampler.type is %s", s.Type)
	}
	if s.Endpoint == "" {
		return
	}
	from := l.origins[keySamplingEndpoint]
	if s.Type != SamplerRemote {
		// Only a variable or a flag for this run is surely intended; a file or a
		// deployment's JAEGER_* may keep the address for later.
		if from.Layer >= LayerOtdemo {
			l.warnValue(keySamplingEndpoint, "did you mean "+l.assignment(keySamplerType, from.Layer, SamplerRemote)+" as well?",
				"is not used: sampler.type is %s", s.Type)
		}
		return
	}
	// Jaeger 1's collector serves strategies too.
	l.warnURL(keySamplingEndpoint, s.Endpoint, samplingPort, collectorPort)
}

// warnTraceID warns about an id length that the tracer does not have. Neither a default
// nor a file's or a deployment's value, which other tracers share, is worth a warning.
func (l *loader) warnTraceID(cfg *Config) {
	if l.origins[keyTraceID128Bit].Layer < LayerOtdemo {
		return
	}
	switch k := cfg.kind(); {
	case k.TraceIDBits == 128 && !cfg.TraceID128Bit:
		l.warnValue(keyTraceID128Bit, "", "is not used: the trace ids of tracer %s always have 128 bits", k.Name)
	case k.TraceIDBits == 64 && cfg.TraceID128Bit:
		l.warnValue(keyTraceID128Bit, "", "is not used: the trace ids of tracer %s have 64 bits", k.Name)
	}
}

// warnOtherAgent warns about settings of this run that the tracer does not use.
func (l *loader) warnOtherAgent(cfg *Config) {
	samples := cfg.Sampler.Type == SamplerRemote && cfg.Sampler.Endpoint == ""
	for _, name := range []string{keyAgentHost, keyAgentPort} {
		used := name == keyAgentHost && samples
		if l.origins[name].Layer >= LayerOtdemo && !used {
			l.warnValue(name, "did you mean "+l.assignment(keyCollectorEndpoint, l.origins[name].Layer, cfg.CollectorURL())+"?",
				"is not used, because tracer is %s", cfg.Tracer)
		}
	}
	if k := cfg.kind(); k.NoUser && cfg.Reporter.Collector.User != "" {
		l.warnValue(keyCollectorUser, "", "is not used: %s's collector has no authentication", k.Endpoints[0].Name)
	}
}

func (l *loader) warnCollector() {
	endpoint := l.origins[keyCollectorEndpoint]
	for _, name := range []string{keyAgentHost, keyAgentPort} {
		if l.origins[name].Layer > endpoint.Layer {
			l.warnValue(name, endpoint.removal(l.byName[keyCollectorEndpoint])+" to send spans over UDP",
				"is not used, because %s is set by %s", keyCollectorEndpoint, endpoint)
		}
	}
}

// warnURL warns about a port that Jaeger uses for something else, or about a missing
// path, which is not added. Ports in alsoRight serve the same requests.
func (l *loader) warnURL(name, raw string, want int, alsoRight ...int) {
	u, err := url.Parse(raw)
	if err != nil {
		return
	}
	path := l.byName[name].usualPath()
	suggested := url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}
	port, err := strconv.Atoi(u.Port())
	right := err != nil || port == want || portUse(port) == "" || slices.Contains(alsoRight, port)
	switch {
	case !right:
		suggested.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(want))
		l.warnPort(name, "has port", port, want, suggested.String())
	case path != "" && (u.Path == "" || u.Path == "/"):
		l.warnValue(name, l.didYouMean(name, suggested.String()), "has no path; Jaeger uses %s", path)
	case path != "" && u.Path == path+"/":
		l.warnValue(name, l.didYouMean(name, suggested.String()), "ends in a slash; Jaeger uses %s", path)
	}
}

func (l *loader) warnPort(name, verb string, port, want int, suggested string) {
	owner := "Jaeger's port for "
	if port == appdashPort {
		owner = "the port of "
	}
	l.warnValue(name, l.didYouMean(name, suggested), "%s %d, %s%s; %s is on %d", verb, port, owner, portUse(port), portUse(want), want)
}

func (l *loader) didYouMean(name, value string) string {
	if name == keyCollectorEndpoint && l.origins[name].Layer == LayerOTel {
		return fmt.Sprintf("did you mean %s?", l.otelMeant(value))
	}
	return fmt.Sprintf("did you mean %s?", l.origins[name].assign(l.byName[name], value))
}
