package settings

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

const (
	codeOTelAgrees       probe.Code = "otel-env-agrees"
	codeOTelDiffers      probe.Code = "otel-env-differs"
	codeOTelUnused       probe.Code = "otel-env-unused"
	codeOTelContradicts  probe.Code = "otel-env-contradicts"
	codeOTelIgnored      probe.Code = "otel-env-ignored"
	codeOTelDisabled     probe.Code = "otel-env-disabled"
	codeOTelKeepsFew     probe.Code = "otel-env-keeps-few"
	codeOTelKeepsNothing probe.Code = "otel-env-keeps-nothing"
)

// OTelEnvProbe is for OpenTelemetry's SDK what client-env is for
// jaeger-client-go: it reports what a program with that SDK would do in this
// environment, and which variables are in effect. It warns at most.
func OTelEnvProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDOTelEnv,
		Hop:   probe.HopConfig,
		Title: "an OpenTelemetry SDK would also keep and send traces in this environment",
		Codes: []probe.Code{
			codeOTelAgrees, codeOTelDiffers, codeOTelUnused, codeOTelIgnored, codeOTelContradicts, codeOTelDisabled, codeOTelKeepsFew, codeOTelKeepsNothing,
		},
		Run: runOTelEnv,
	}
}

func runOTelEnv(_ context.Context, env *probe.Env) probe.Finding {
	switch {
	case len(otelVariables(env.Environ)) == 0:
		return probe.NotUsed("no OpenTelemetry variable is set")
	case env.Config().Tracer != config.TracerOTel:
		return unreadOTel(env)
	}
	plan := planFromOTel(env)
	return judgeOTel(env, plan).Saw(plan.inEffect(env)...)
}

// unreadOTel returns the finding for another tracer. Not checking an
// OpenTelemetry service is fine only if the tracer was set for this run.
func unreadOTel(env *probe.Env) probe.Finding {
	tracer, from := env.Config().Tracer, probe.OriginOf(env.Loaded, "tracer")
	names := config.OTelVariables(env.Environ)
	if len(names) == 0 {
		return probe.NotUsed("the tracer is %s, and no variable configures how OpenTelemetry sends traces", tracer)
	}
	f := probe.Found(probe.StatusWarn, codeOTelUnused, "%s: not read by tracer %s, so not checked",
		strings.Join(names, ", "), tracer).Hint("--tracer otel")
	switch {
	case from.Layer >= config.LayerOtdemo:
		f.Status = probe.StatusOK
		f.Fact += "; the tracer is set by " + from.String()
	case from.Layer == config.LayerDefault:
		if set := config.JaegerVariables(env.Environ); len(set) > 0 {
			f = f.Saw("checking tracer " + tracer + " because of " + strings.Join(set, ", "))
		}
	}
	return f
}

// judgeOTel compares what the SDK would do with the configuration. What is wrong
// with both has a finding of its own elsewhere.
func judgeOTel(env *probe.Env, plan otelPlan) probe.Finding {
	const unless = "unless the program's code overrides it, OpenTelemetry's SDK "
	cfg := env.Config()
	keeps, keepsHere := plan.keeps, cfg.Sampler.Param
	target, here := plan.target, env.Path()
	ignored := env.IgnoredFile()
	switch {
	case ignored != "":
		return probe.Found(probe.StatusWarn, codeOTelIgnored, "%s", ignored)
	case plan.off != "" && !cfg.Disabled:
		return probe.Found(probe.StatusWarn, codeOTelDisabled, "%ssends no spans: %s is %s", unless, plan.off, env.Env(plan.off)).
			Hint(enabling(plan.off))
	case plan.off != "":
		return probe.Found(probe.StatusOK, codeOTelAgrees, "OpenTelemetry's SDK sends no spans either: %s is %s", plan.off, env.Env(plan.off))
	case plan.mismatch != "" && target != here:
		return probe.Found(probe.StatusWarn, codeOTelContradicts, "%ssends to %s; this check sends to %s: %s", unless, target, here, plan.mismatch).Hint(plan.fix)
	case keeps <= 0 && keepsHere != 0:
		return probe.Found(probe.StatusWarn, codeOTelKeepsNothing, "%sstarts no trace that is kept: the sampler is %s; this check uses %s %v",
			unless, plan.sampler, cfg.Sampler.Type, keepsHere).Hint("OTEL_TRACES_SAMPLER=always_on")
	case keeps <= fewRate && keepsHere > fewRate:
		return probe.Found(probe.StatusWarn, codeOTelKeepsFew, "%skeeps %s: the sampler is %s; this check uses %s %v",
			unless, rateText(keeps), plan.sampler, cfg.Sampler.Type, keepsHere).Hint("OTEL_TRACES_SAMPLER=always_on")
	case target != here:
		return probe.Found(probe.StatusOK, codeOTelDiffers, "%ssends to %s; this check sends to %s", unless, target, here)
	default:
		return probe.Found(probe.StatusOK, codeOTelAgrees, "OpenTelemetry's SDK also samples %s and sends to %s", plan.sampler, target)
	}
}

// otelPrefix is that of OpenTelemetry's variables. The first endpoint is taken as
// it stands, to the second the path for traces is added.
const (
	otelPrefix        = "OTEL_"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
)

// otelPlan is what OpenTelemetry's SDK makes of an environment, by its
// "Environment Variable Specification" and "OTLP exporter" 1.50. An SDK treats an empty
// variable as unset.
type otelPlan struct {
	// off is the variable because of which it would send no spans, "" if it would.
	off string
	// sampler has its argument behind it.
	sampler string
	keeps   float64
	// protocol is as it was written.
	protocol string
	// target is where spans go, in the form of Target.Path.
	target string
	// mismatch is that the port of target is for the other protocol, "" if it is not, and
	// fix the setting that helps.
	mismatch, fix string
}

func planFromOTel(env *probe.Env) otelPlan {
	sampler, arg := strings.ToLower(cmp.Or(env.Env("OTEL_TRACES_SAMPLER"), "parentbased_always_on")), env.Env("OTEL_TRACES_SAMPLER_ARG")
	p := otelPlan{
		sampler: strings.TrimSpace(sampler + " " + arg), keeps: keeps(sampler, arg),
		protocol: cmp.Or(env.Env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), env.Env("OTEL_EXPORTER_OTLP_PROTOCOL")),
	}
	switch exporter := env.Env("OTEL_TRACES_EXPORTER"); {
	case strings.EqualFold(env.Env("OTEL_SDK_DISABLED"), "true"):
		p.off = "OTEL_SDK_DISABLED"
	case exporter != "" && !slices.Contains(strings.Split(exporter, ","), "otlp"):
		p.off = "OTEL_TRACES_EXPORTER"
	}
	p.sendTo(env)
	return p
}

// keeps returns the share of traces started in the process that are kept. An
// argument that is not a rate is 1, as in the SDKs.
func keeps(sampler, arg string) float64 {
	rate, err := strconv.ParseFloat(arg, 64)
	switch strings.TrimPrefix(sampler, "parentbased_") {
	case "always_off":
		return 0
	case "traceidratio":
		if err == nil && rate >= 0 && rate < 1 {
			return rate
		}
	}
	return 1
}

// sendTo sets the target and what is wrong with it.
func (p *otelPlan) sendTo(env *probe.Env) {
	isGRPC := strings.EqualFold(p.protocol, "grpc")
	endpoint, from := "http://localhost:"+send.PortOTLPHTTP, ""
	if isGRPC {
		endpoint = "http://localhost:" + send.PortOTLPGRPC
	}
	for _, name := range []string{envEndpoint, envTracesEndpoint} {
		if text := env.Env(name); text != "" {
			endpoint, from = text, name
		}
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		p.target = "(no URL)"
		return
	}
	switch port := u.Port(); {
	case from == "":
	case port == send.PortOTLPGRPC && !isGRPC:
		p.mismatch, p.fix = from+" has port "+port+", which is for gRPC, but the protocol is OTLP over HTTP", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
	case port == send.PortOTLPHTTP && isGRPC:
		p.mismatch, p.fix = from+" has port "+port+", which is for HTTP, but the protocol is gRPC", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
	}
	switch {
	case isGRPC && u.Scheme == "https":
		u.Scheme, u.Path = probe.SchemeGRPCS, ""
	case isGRPC:
		u.Scheme, u.Path = probe.SchemeGRPC, ""
	case from != envTracesEndpoint:
		u = u.JoinPath("v1", "traces")
	}
	p.target = probe.Bare(u)
}

func otelVariables(environ []string) []string {
	var names []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if value != "" && strings.HasPrefix(name, otelPrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// inEffect reports for each variable whether the configuration has its value,
// and if not, what overrides it. Headers carry tokens, so they are not shown.
func (p *otelPlan) inEffect(env *probe.Env) []string {
	var lines []string
	for _, name := range otelVariables(env.Environ) {
		value := env.Env(name)
		isPart := func(part string) bool { return strings.Contains(name, part) }
		switch {
		case slices.ContainsFunc([]string{"HEADERS", "KEY", "TOKEN"}, isPart):
			value = "(not shown)"
		case isPart("ENDPOINT"):
			value = probe.BareText(value)
		}
		lines = append(lines, fmt.Sprintf("%s=%s: %s", name, value, p.effect(env, name)))
	}
	return lines
}

func (p *otelPlan) effect(env *probe.Env, name string) string {
	for _, v := range slices.Backward(env.Loaded.Values) {
		if v.Origin.Detail == name && v.Key != "tracer" {
			return "in effect, as " + v.Key
		}
	}
	for _, k := range config.Keys() {
		if !slices.Contains(k.OTel, name) {
			continue
		}
		origin := probe.Origin(env.Loaded, k.Name)
		if strings.HasSuffix(name, "_PROTOCOL") && env.Env(name) == p.protocol && strings.HasPrefix(origin, otelPrefix) {
			return "in effect, for " + k.Name
		}
		return fmt.Sprintf("not in effect: %s is from %s", k.Name, origin)
	}
	for _, prefix := range []string{"EXPORTER_OTLP_", "BSP_", "SPAN_", "ATTRIBUTE_", "EVENT_", "LINK_"} {
		if strings.HasPrefix(name, otelPrefix+prefix) {
			return "read by the SDK itself"
		}
	}
	return "does not affect spans here"
}
