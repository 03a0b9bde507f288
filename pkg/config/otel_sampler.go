package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

const parentBased = "parentbased_"

// loadOTelSampler sets the sampler. Those of otdemo decide where a trace starts, so all
// of them are parent-based.
func (l *loader) loadOTelSampler() {
	name, arg := l.otelWord(envTracesSampler), strings.TrimSpace(l.env[envSamplerArg])
	from, argFrom := Origin{LayerOTel, envTracesSampler}, Origin{LayerOTel, envSamplerArg}
	if name == "" {
		if arg != "" {
			l.warn("set "+envTracesSampler+" too", "%s: ignored, because %s is not set", envSamplerArg, envTracesSampler)
		}
		return
	}
	// By their names without parentbased_.
	samplers := map[string]Sampler{
		"always_on":     {Type: SamplerConst, Param: 1},
		"always_off":    {Type: SamplerConst, Param: 0},
		"traceidratio":  {Type: SamplerProbabilistic, Param: 1},
		"jaeger_remote": {Type: SamplerRemote},
	}
	base, parent := strings.CutPrefix(name, parentBased)
	sampler, ok := samplers[base]
	if !ok {
		hint := "use parentbased_always_on, _always_off, _traceidratio or _jaeger_remote"
		known := slices.Sorted(maps.Keys(samplers))
		for _, base := range known {
			known = append(known, parentBased+base)
		}
		if near := Nearest(name, known); near != "" {
			hint = didYouMean(envTracesSampler + "=" + near)
		}
		l.fail(from, hint, "unknown sampler %s", quote(name))
		return
	}
	if !parent {
		l.warn(didYouMean(envTracesSampler+"="+parentBased+base),
			"%s: %s is treated as %s%s: an incoming trace keeps the decision of its caller",
			envTracesSampler, base, parentBased, base)
	}
	l.set(keySamplerType, sampler.Type, from)
	switch {
	case sampler.Type == SamplerRemote:
		l.loadOTelRemote(arg)
		return
	case sampler.Type == SamplerProbabilistic && arg != "":
		l.setText(keySamplerParam, arg, argFrom)
		return
	case arg != "":
		l.warn("unset "+envSamplerArg, "%s: ignored, because %s has no argument", envSamplerArg, name)
	}
	l.set(keySamplerParam, sampler.Param, from)
}

// loadOTelRemote reads endpoint=URL,pollingIntervalMs=N,initialSamplingRate=P,
// each of which may be missing.
func (l *loader) loadOTelRemote(arg string) {
	// The parameter of another sampler may be invalid for this one.
	if p := l.viper.GetFloat64(keySamplerParam); !(p >= 0 && p <= 1) {
		l.set(keySamplerParam, 1.0, Origin{LayerOTel, envTracesSampler})
	}
	if arg == "" {
		return
	}
	for pair := range strings.SplitSeq(arg, ",") {
		name, value, _ := strings.Cut(pair, "=")
		if claim := l.setOTelRemote(strings.TrimSpace(name), strings.TrimSpace(value)); claim != "" {
			l.fail(Origin{LayerOTel, envSamplerArg},
				"such as "+envSamplerArg+"=endpoint=http://localhost:5778/sampling,pollingIntervalMs=60000,initialSamplingRate=1",
				"%s, got %s", claim, quote(strings.TrimSpace(pair)))
			return
		}
	}
}

// setOTelRemote sets one of the three, or returns what it must be.
func (l *loader) setOTelRemote(name, value string) (claim string) {
	from := Origin{LayerOTel, envSamplerArg}
	switch name {
	case "endpoint":
		if c := checkURL(value, webRoute("")); c != nil {
			return "endpoint " + c.claim
		}
		l.set(keySamplingEndpoint, value, from)
	case "pollingIntervalMs":
		d, ok := milliseconds(value)
		if !ok {
			return "pollingIntervalMs must be a number of milliseconds, more than 0"
		}
		l.set(keyRefreshInterval, d, from)
	case "initialSamplingRate":
		rate, err := strconv.ParseFloat(value, 64)
		if err != nil || !(rate >= 0 && rate <= 1) {
			return "initialSamplingRate must be between 0 and 1"
		}
		l.set(keySamplerParam, rate, from)
	default:
		return "must consist of endpoint=, pollingIntervalMs= and initialSamplingRate= for jaeger_remote"
	}
	return ""
}
