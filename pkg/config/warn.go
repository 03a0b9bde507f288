package config

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

const (
	otlpGRPCPort  = 4317
	agentPort     = 6831
	appdashPort   = 7701
	collectorPort = 14268
)

// portUse returns what Jaeger's and Appdash's default ports are for, "" for others.
// 5775 is in versions before 2.
func portUse(port int) string {
	return map[int]string{
		otlpGRPCPort:  "OTLP over gRPC",
		4318:          "OTLP over HTTP",
		5775:          "Zipkin's thrift over UDP",
		samplingPort:  "the sampling server",
		5779:          "the sampling server over gRPC",
		agentPort:     "compact thrift over UDP",
		6832:          "binary thrift over UDP",
		appdashPort:   "Appdash's collector",
		9411:          "Zipkin over HTTP",
		14250:         "spans over gRPC",
		collectorPort: "thrift over HTTP",
		14269:         "health and metrics",
		16685:         "the query API over gRPC",
		16686:         "the query API",
	}[port]
}

// pathUse returns the format that is sent to a well-known path, "" for another.
func pathUse(path string) string {
	return map[string]string{
		"/api/traces":   "Jaeger's thrift",
		"/v1/traces":    "OTLP",
		"/api/v2/spans": "Zipkin",
		"/api/v1/spans": "Zipkin's first format",
	}[path]
}

// warnConfig warns about what is valid and probably a mistake.
func (l *loader) warnConfig(cfg *Config) {
	if cfg.Disabled {
		l.warnValue(keyDisabled, l.meant(keyDisabled, "false"), "is true, so no spans are made")
	}
	k := kind.Of(cfg.Tracer)
	l.warnURL(keyQueryURL, cfg.Query.URL, webRoute(l.byName[keyQueryURL].example), k.QueryPorts...)
	if !cfg.MakesSpans() {
		return
	}
	l.warnSampler(cfg)
	l.warnTraceID(cfg)
	endpoint := cfg.Reporter.Collector.Endpoint
	l.warnURL(keyCollectorEndpoint, endpoint, routeOf(cfg.Tracer, endpoint))
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

func (l *loader) warnValue(key, hint, format string, args ...any) {
	text := key + " " + fmt.Sprintf(format, args...)
	if from := l.origins[key]; from.Detail != "" {
		text = from.Detail + ": " + text
	}
	l.warn(hint, "%s", text)
}

func (l *loader) warnSampler(cfg *Config) {
	s := &cfg.Sampler
	if s.Param == 0 {
		from, when := l.origins[keySamplerParam], "keeps no trace: sampler.type is "+s.Type
		hint := didYouMean(from.assign(l.byName[keySamplerParam], "1"))
		if s.Type == SamplerRemote {
			when = "keeps no trace until the strategy server has answered"
			if from.Detail == envSamplerArg {
				hint = didYouMean("initialSamplingRate=1 in " + envSamplerArg)
			}
		}
		l.warnValue(keySamplerParam, hint, "0 %s", when)
	}
	if s.Endpoint == "" {
		return
	}
	if s.Type == SamplerRemote {
		// Jaeger 1's collector serves strategies too.
		l.warnURL(keySamplingEndpoint, s.Endpoint, webRoute(l.byName[keySamplingEndpoint].example), collectorPort)
		return
	}
	// Only a variable or a flag for this run is surely intended; a file or a
	// deployment's JAEGER_* may keep the address for later.
	if from := l.origins[keySamplingEndpoint]; from.Layer >= LayerOtdemo {
		l.warnValue(keySamplingEndpoint, l.asWell(keySamplerType, from.Layer, SamplerRemote), "is not used: sampler.type is %s", s.Type)
	}
}

// warnTraceID warns about an id length that the tracer does not have. Neither a default
// nor a file's or a deployment's value, which other tracers share, is worth a warning.
func (l *loader) warnTraceID(cfg *Config) {
	if l.origins[keyTraceID128Bit].Layer < LayerOtdemo {
		return
	}
	switch k := kind.Of(cfg.Tracer); {
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
		if layer := l.origins[name].Layer; layer >= LayerOtdemo && !used {
			l.warnValue(name, didYouMean(l.assignment(keyCollectorEndpoint, layer, cfg.CollectorURL())),
				"is not used, because tracer is %s", cfg.Tracer)
		}
	}
	if k := kind.Of(cfg.Tracer); k.NoUser && cfg.Reporter.Collector.User != "" {
		l.warnValue(keyCollectorUser, "", "is not used: %s's collector has no authentication", k.Endpoints[0].Name)
	}
}

func (l *loader) warnCollector() {
	endpoint := l.origins[keyCollectorEndpoint]
	remove := "unset " + endpoint.Detail
	if endpoint.Layer == LayerFile {
		remove = "remove " + keyCollectorEndpoint + " at " + endpoint.Detail
	}
	for _, name := range []string{keyAgentHost, keyAgentPort} {
		if l.origins[name].Layer > endpoint.Layer {
			l.warnValue(name, remove+" to send spans over UDP", "is not used, because %s is set by %s", keyCollectorEndpoint, endpoint)
		}
	}
}

// warnURL warns about a URL that is probably another server's, which it identifies by
// the port if that is a known one, else by the path, which is not added. Ports in
// alsoRight serve the same requests.
func (l *loader) warnURL(name, raw string, r *route, alsoRight ...int) {
	u, err := url.Parse(raw)
	if err != nil || raw == "" {
		return
	}
	want, path, suggested := r.Port(), usualPath(&r.Endpoint), r.suggestion(u)
	port, err := strconv.Atoi(u.Port())
	switch {
	case err == nil && port != want && portUse(port) != "" && !slices.Contains(alsoRight, port):
		l.warnPort(name, "has port", port, want, suggested)
	case !r.Path:
	case u.Path == "" || u.Path == "/":
		l.warnValue(name, l.meant(name, suggested), "has no path; %s uses %s", r.Name, path)
	case u.Path == path+"/":
		l.warnValue(name, l.meant(name, suggested), "ends in a slash; %s uses %s", r.Name, path)
	case name == keyCollectorEndpoint && u.Path != path && pathUse(u.Path) != "":
		l.warnValue(name, l.meant(name, suggested), "has path %s, which is for %s; %s uses %s", u.Path, pathUse(u.Path), r.Name, path)
	}
}

func (l *loader) warnPort(name, verb string, port, want int, suggested string) {
	owner := "Jaeger's port for "
	if port == appdashPort {
		owner = "the port of "
	}
	l.warnValue(name, l.meant(name, suggested), "%s %d, %s%s; %s is on %d", verb, port, owner, portUse(port), portUse(want), want)
}

// meant returns the hint that a key was likely intended to be value.
func (l *loader) meant(name, value string) string {
	if name == keyCollectorEndpoint && l.origins[name].Layer == LayerOTel {
		return didYouMean(l.otelMeant(value))
	}
	return didYouMean(l.origins[name].assign(l.byName[name], value))
}
