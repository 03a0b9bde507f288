package settings

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// clientPlan is what jaeger-client-go's config.FromEnv makes of an environment.
// The rules and defaults are those of v2.30.0, config/config_env.go, config.go
// and constants.go.
type clientPlan struct {
	service  string
	disabled bool
	// sampler is in lower case; the client's default is remote with parameter 0.
	sampler string
	param   float64
	// samplingURL and refresh are of the remote sampler. Its first fetch is after
	// one refresh.
	samplingURL string
	refresh     string
	// target is in the form of Target.path.
	target string
	queue  string
	// refusal is why there would be no tracer, remedy the setting that helps.
	refusal, remedy string
}

// planFromEnv is for an environment in which the client treats an empty variable as
// unset.
func planFromEnv(env *probe.Env) clientPlan {
	or := func(name, preset string) string { return cmp.Or(env.Env(name), preset) }
	// Whether numbers can be read was checked when the configuration was loaded.
	param, _ := strconv.ParseFloat(env.Env("JAEGER_SAMPLER_PARAM"), 64)
	disabled, _ := strconv.ParseBool(env.Env("JAEGER_DISABLED"))
	p := clientPlan{
		service:  or("JAEGER_SERVICE_NAME", "none; the program's code must set it (no service name provided)"),
		disabled: disabled,
		sampler:  strings.ToLower(or("JAEGER_SAMPLER_TYPE", config.SamplerRemote)),
		param:    param,
		samplingURL: probe.BareText(cmp.Or(env.Env("JAEGER_SAMPLING_ENDPOINT"), env.Env("JAEGER_SAMPLER_MANAGER_HOST_PORT"),
			"http://"+or("JAEGER_AGENT_HOST", "127.0.0.1")+":5778/sampling")),
		refresh: or("JAEGER_SAMPLER_REFRESH_INTERVAL", "1m0s"),
		queue:   or("JAEGER_REPORTER_MAX_QUEUE_SIZE", "100"),
	}
	host, port := or("JAEGER_AGENT_HOST", "localhost"), or("JAEGER_AGENT_PORT", "6831")
	p.target = "udp " + net.JoinHostPort(host, port)
	endpoint := env.Env("JAEGER_ENDPOINT")
	if endpoint != "" {
		p.target = probe.BareText(endpoint)
	}
	kinds := []string{config.SamplerConst, config.SamplerProbabilistic, config.SamplerRateLimiting, config.SamplerRemote}
	switch {
	case p.disabled:
	case !slices.Contains(kinds, p.sampler):
		p.refuse("JAEGER_SAMPLER_TYPE=const", "unknown sampler type (%s)", p.sampler)
	case p.isRate() && (param < 0 || param > 1):
		p.refuse("JAEGER_SAMPLER_PARAM=1",
			"invalid Param for probabilistic sampler; expecting value between 0 and 1, received %v", param)
	case endpoint == "" && strings.Contains(host, ":") && !strings.HasPrefix(host, "["):
		// FromEnv puts host and port together with a colon.
		p.refuse("JAEGER_AGENT_HOST=["+host+"]", "address %s:%s: too many colons in address",
			host, port)
	}
	return p
}

func (p *clientPlan) refuse(remedy, format string, args ...any) {
	p.refusal, p.remedy = fmt.Sprintf(format, args...), remedy
}

func (p *clientPlan) isRate() bool {
	return p.sampler == config.SamplerProbabilistic || p.sampler == config.SamplerRemote
}

// keeps is the part of traces that are kept at the start: 1 for a sampler that
// keeps any number of them.
func (p *clientPlan) keeps() float64 {
	switch {
	case p.isRate():
		return p.param
	case p.param == 0, p.sampler == config.SamplerRateLimiting && p.param < 0:
		return 0
	default:
		return 1
	}
}
