package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const parentBased = "parentbased_"

// otelSamplers returns the values of OTEL_TRACES_SAMPLER for which otdemo has a sampler,
// without parentbased_.
func otelSamplers() map[string]string {
	return map[string]string{
		"always_on":     SamplerConst,
		"always_off":    SamplerConst,
		"traceidratio":  SamplerProbabilistic,
		"jaeger_remote": SamplerRemote,
	}
}

// loadOTelSampler sets the sampler. Those of otdemo decide where a trace starts, so all
// of them are parent-based.
func (l *loader) loadOTelSampler() {
	name, arg := l.otelWord(envTracesSampler), strings.TrimSpace(l.env.get(envSamplerArg))
	from, argFrom := Origin{LayerOTel, envTracesSampler}, Origin{LayerOTel, envSamplerArg}
	if name == "" {
		if arg != "" {
			l.warn("set "+envTracesSampler+" too", "%s: ignored, because %s is not set", envSamplerArg, envTracesSampler)
		}
		return
	}
	base, parent := strings.CutPrefix(name, parentBased)
	kind, ok := otelSamplers()[base]
	if !ok {
		l.failOTelSampler(name)
		return
	}
	if !parent {
		l.warn(fmt.Sprintf("did you mean %s=%s%s?", envTracesSampler, parentBased, base),
			"%s: %s is treated as %s%s: an incoming trace keeps the decision of its caller",
			envTracesSampler, base, parentBased, base)
	}
	l.set(l.byName[keySamplerType], kind, from)
	param := 1.0
	switch kind {
	case SamplerRemote:
		l.loadOTelRemote(arg)
		return
	case SamplerProbabilistic:
		if arg != "" {
			l.setText(l.byName[keySamplerParam], arg, argFrom)
			return
		}
	default:
		if base == "always_off" {
			param = 0
		}
		if arg != "" {
			l.warn("unset "+envSamplerArg, "%s: ignored, because %s has no argument", envSamplerArg, name)
		}
	}
	l.set(l.byName[keySamplerParam], param, from)
}

func (l *loader) failOTelSampler(name string) {
	var known []string
	for base := range otelSamplers() {
		known = append(known, parentBased+base, base)
	}
	f := &Fault{
		Origin: Origin{LayerOTel, envTracesSampler}, Key: keySamplerType,
		Text: fmt.Sprintf("unknown sampler %s", quote(name)),
		hint: "use parentbased_always_on, _always_off, _traceidratio or _jaeger_remote",
	}
	if near := nearestOf(name, known); near != "" {
		f.hint = fmt.Sprintf("did you mean %s=%s?", envTracesSampler, near)
	}
	l.fail(f)
}

// loadOTelRemote reads endpoint=URL,pollingIntervalMs=N,initialSamplingRate=P,
// each of which may be missing.
func (l *loader) loadOTelRemote(arg string) {
	// The parameter of another sampler may be invalid for this one.
	if p := l.viper.GetFloat64(keySamplerParam); !(p >= 0 && p <= 1) {
		l.set(l.byName[keySamplerParam], 1.0, Origin{LayerOTel, envTracesSampler})
	}
	if arg == "" {
		return
	}
	for pair := range strings.SplitSeq(arg, ",") {
		name, value, _ := strings.Cut(pair, "=")
		if claim := l.setOTelRemote(strings.TrimSpace(name), strings.TrimSpace(value)); claim != "" {
			l.fail(&Fault{
				Origin: Origin{LayerOTel, envSamplerArg}, Text: claim + ", got " + quote(strings.TrimSpace(pair)),
				hint: "such as " + envSamplerArg + "=endpoint=http://localhost:5778/sampling,pollingIntervalMs=60000,initialSamplingRate=1",
			})
			return
		}
	}
}

// setOTelRemote sets one of the three, or returns what it must be.
func (l *loader) setOTelRemote(name, value string) (claim string) {
	from := Origin{LayerOTel, envSamplerArg}
	switch name {
	case "endpoint":
		if c := checkURL(value, &route{schemes: httpSchemes()}); c != nil {
			return "endpoint " + c.claim
		}
		l.set(l.byName[keySamplingEndpoint], value, from)
	case "pollingIntervalMs":
		d, ok := milliseconds(value)
		if !ok {
			return "pollingIntervalMs must be a number of milliseconds, more than 0"
		}
		l.set(l.byName[keyRefreshInterval], d, from)
	case "initialSamplingRate":
		rate, err := strconv.ParseFloat(value, 64)
		if err != nil || !(rate >= 0 && rate <= 1) {
			return "initialSamplingRate must be between 0 and 1"
		}
		l.set(l.byName[keySamplerParam], rate, from)
	default:
		return "must consist of endpoint=, pollingIntervalMs= and initialSamplingRate= for jaeger_remote"
	}
	return ""
}

// milliseconds reads a positive whole number, at most that of a year.
func milliseconds(text string) (time.Duration, bool) {
	const year = 365 * 24 * time.Hour
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 1 || n > year.Milliseconds() {
		return 0, false
	}
	return time.Duration(n) * time.Millisecond, true
}
