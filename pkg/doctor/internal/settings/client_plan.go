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

// clientVariables returns the variables of jaeger-client-go that are set in an
// environment of "KEY=value". The client treats an empty one as unset.
func clientVariables(environ []string) map[string]string {
	var known []string
	for _, key := range config.Keys() {
		known = append(known, key.Jaeger...)
	}
	vars := make(map[string]string)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if _, again := vars[name]; value != "" && !again && slices.Contains(known, name) {
			vars[name] = value
		}
	}
	return vars
}

func planFromEnv(vars map[string]string) clientPlan {
	// Whether numbers can be read was checked when the configuration was loaded.
	param, _ := strconv.ParseFloat(vars["JAEGER_SAMPLER_PARAM"], 64)
	disabled, _ := strconv.ParseBool(vars["JAEGER_DISABLED"])
	p := clientPlan{
		service:  vars["JAEGER_SERVICE_NAME"],
		disabled: disabled,
		sampler:  strings.ToLower(cmp.Or(vars["JAEGER_SAMPLER_TYPE"], config.SamplerRemote)),
		param:    param,
		samplingURL: cmp.Or(vars["JAEGER_SAMPLING_ENDPOINT"], vars["JAEGER_SAMPLER_MANAGER_HOST_PORT"],
			"http://"+cmp.Or(vars["JAEGER_AGENT_HOST"], "127.0.0.1")+":5778/sampling"),
		refresh: cmp.Or(vars["JAEGER_SAMPLER_REFRESH_INTERVAL"], "1m0s"),
		queue:   cmp.Or(vars["JAEGER_REPORTER_MAX_QUEUE_SIZE"], "100"),
	}
	host := cmp.Or(vars["JAEGER_AGENT_HOST"], "localhost")
	p.target = "udp " + net.JoinHostPort(host, cmp.Or(vars["JAEGER_AGENT_PORT"], "6831"))
	endpoint := vars["JAEGER_ENDPOINT"]
	if endpoint != "" {
		p.target = probe.BareText(endpoint)
	}
	kinds := []string{
		config.SamplerConst, config.SamplerProbabilistic, config.SamplerRateLimiting, config.SamplerRemote,
	}
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
			host, cmp.Or(vars["JAEGER_AGENT_PORT"], "6831"))
	}
	return p
}

func (p *clientPlan) refuse(remedy, format string, args ...any) {
	p.refusal, p.remedy = fmt.Sprintf(format, args...), remedy
}

// isRate reports whether the parameter is a probability.
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
