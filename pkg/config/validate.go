package config

import (
	"cmp"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// validate adds a fault for every invalid value.
func (l *loader) validate(cfg *Config) {
	for i := range l.keys {
		key := &l.keys[i]
		l.reject(key.check(l.viper.Get(key.Name)), key.Name)
	}
	l.reject(l.checkParam(&cfg.Sampler), keySamplerParam, keySamplerType)
	l.reject(l.checkEndpoint(cfg), keyCollectorEndpoint, keyTracer)
	l.reject(l.checkSampler(cfg), keySamplerType, keyTracer)
	l.reject(checkFormats(cfg), keyPropagation, keyTracer)
	l.checkCredentials(&cfg.Reporter.Collector)
}

// reject adds the fault of a key's value, unless c is nil, or the value or one that it
// depends on is invalid already.
func (l *loader) reject(c *problem, name string, dependsOn ...string) {
	if c != nil && !l.invalid[name] && !slices.ContainsFunc(dependsOn, func(other string) bool { return l.invalid[other] }) {
		l.failValue(name, l.origins[name], c)
	}
}

// check checks one value independently of the others.
func (k *Key) check(value any) *problem {
	switch v := value.(type) {
	case string:
		return k.checkString(v)
	case int:
		if v < k.min || v > k.max {
			return &problem{claim: fmt.Sprintf("must be between %d and %d", k.min, k.max), got: strconv.Itoa(v)}
		}
	case time.Duration:
		if v <= 0 {
			return &problem{claim: "must be more than 0", got: formatDuration(v)}
		}
	case []string:
		return k.checkWords(v)
	case []Tag:
		for _, tag := range v {
			if tag.Name == "" {
				return &problem{claim: "must not have an empty name", got: quote(k.Type.format(v)), hint: "write " + tagExample}
			}
		}
	}
	return nil
}

func (k *Key) checkString(s string) *problem {
	switch {
	case k.Type == TypeHost:
		return checkHost(s, strings.TrimSuffix(k.Name, "host")+"port")
	case k.Name == keyCollectorEndpoint:
		return nil // checkEndpoint checks it for the tracer
	case k.Type == TypeURL && (s != "" || k.Default != ""):
		return checkURL(s, webRoute(k.example))
	case len(k.values) > 0:
		return k.checkWord(s)
	}
	return nil
}

// checkWords checks a list of words, in which each word may occur once.
func (k *Key) checkWords(words []string) *problem {
	for i, word := range words {
		c := k.checkWord(word)
		if c == nil && slices.Contains(words[:i], word) {
			c = &problem{claim: "must not contain " + word + " twice", got: quote(k.Type.format(words)), instead: word}
		}
		if c == nil {
			continue
		}
		if c.instead != "" || strings.TrimSpace(word) == "" {
			c.instead = k.Type.format(k.suggestWords(words))
		}
		return c
	}
	return nil
}

// suggestWords returns words with those that are none replaced by the nearest one
// or, like repeated ones, left out.
func (k *Key) suggestWords(words []string) []string {
	var suggested []string
	for _, word := range words {
		if near := k.nearest(word); near != "" && !slices.Contains(suggested, near) {
			suggested = append(suggested, near)
		}
	}
	return suggested
}

func (k *Key) checkWord(word string) *problem {
	if slices.Contains(k.values, word) {
		return nil
	}
	return &problem{claim: "must be " + orList(k.values, ""), got: quote(word), instead: k.nearest(word)}
}

func (k *Key) nearest(word string) string {
	return cmp.Or(k.aliases[strings.ToLower(word)], Nearest(word, k.values))
}

// orList returns the words, each with that end, as "a, b or c".
func orList(words []string, end string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0] + end
	}
	return strings.Join(words[:last], end+", ") + end + " or " + words[last] + end
}

// checkHost checks a host name or address; port is the key of its port.
func checkHost(host, port string) *problem {
	c := &problem{claim: "must be a host name or address", got: quote(maskURL(host))}
	name, _, splitErr := net.SplitHostPort(host)
	switch {
	case host == "":
		c.claim, c.got = "must not be empty", ""
	case strings.Contains(host, "://"):
		c.claim = "must be a host alone, not a URL"
		if u, err := url.Parse(host); err == nil && checkHost(u.Hostname(), port) == nil {
			c.instead = u.Hostname()
		}
	case strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"):
		c.claim, c.instead = "must be without brackets", strings.Trim(host, "[]")
	case splitErr == nil:
		c.claim = "must be a host without a port, which is " + port
		if checkHost(name, port) == nil {
			c.instead = name
		}
	case strings.Contains(host, ":"):
		if _, err := netip.ParseAddr(host); err == nil {
			return nil
		}
	case !strings.ContainsFunc(host, notInName):
		return nil
	}
	return c
}

// notInName reports whether r is invalid in a host name. Letters of all scripts are
// valid, for internationalized names.
func notInName(r rune) bool {
	return !unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark) && !strings.ContainsRune(".-_", r)
}

func (l *loader) checkParam(s *Sampler) *problem {
	p := s.Param
	share := p >= 0 && p <= 1 // false for NaN too
	var claim string
	switch {
	case s.Type == SamplerConst && p != 0 && p != 1:
		claim = "must be 0 or 1"
	case s.Type == SamplerRateLimiting && (!(p >= 0) || math.IsInf(p, 1)):
		claim = "must be 0 or more"
	case s.Type == SamplerProbabilistic && !share, s.Type == SamplerRemote && !share:
		claim = "must be between 0 and 1"
	default:
		return nil
	}
	typeFrom, paramFrom := l.origins[keySamplerType], l.origins[keySamplerParam]
	c := &problem{claim: claim + " for " + s.Type, got: TypeFloat.format(p)}
	switch {
	case typeFrom.Layer > paramFrom.Layer:
		// The type was changed and the parameter was not.
		c.claim += " (" + typeFrom.String() + ")"
		c.hint = l.asWell(keySamplerParam, typeFrom.Layer, "1")
	case s.Type == SamplerConst && share:
		c.hint = l.asWell(keySamplerType, paramFrom.Layer, SamplerProbabilistic)
	case s.Type != SamplerConst && p > 1 && p <= 100:
		c.instead = TypeFloat.format(p / 100)
	}
	return c
}

// assignment returns the text that sets a key to value in a layer.
func (l *loader) assignment(name string, layer Layer, value string) string {
	key, at := l.byName[name], Origin{Layer: layer}
	switch layer {
	case LayerJaeger:
		at.Detail = key.Jaeger[0]
	case LayerOTel:
		at.Detail = key.OTel[0]
	case LayerOtdemo:
		at.Detail = key.Otdemo
	case LayerFlag:
		at.Detail = "--" + strings.ReplaceAll(strings.TrimPrefix(name, "reporter."), ".", "-")
	case LayerDefault, LayerFile:
	}
	return at.assign(key, value)
}

// asWell returns the hint to set a key in addition to what a layer sets.
func (l *loader) asWell(name string, layer Layer, value string) string {
	return didYouMean(l.assignment(name, layer, value) + " as well")
}

func (l *loader) checkSampler(cfg *Config) *problem {
	k := kind.Of(cfg.Tracer)
	if slices.Contains(k.Samplers, cfg.Sampler.Type) {
		return nil
	}
	c := &problem{claim: "must be " + orList(k.Samplers, "") + " for tracer " + k.Name, got: quote(cfg.Sampler.Type)}
	if tracer := l.origins[keyTracer]; tracer.Layer > l.origins[keySamplerType].Layer {
		c.hint = l.asWell(keySamplerType, tracer.Layer, SamplerProbabilistic)
	} else {
		c.instead = SamplerProbabilistic
	}
	return c
}

// checkFormats rejects formats that only another tracer supports.
func checkFormats(cfg *Config) *problem {
	for _, k := range kind.All() {
		if k.Exclusive && k.Name != cfg.Tracer && slices.Contains(cfg.Propagation, k.Formats[0]) {
			return &problem{
				claim: "must not contain " + k.Formats[0] + " for tracer " + cfg.Tracer,
				hint:  "only tracer " + k.Name + " supports that format; both tracers support jaeger, w3c, b3 and b3-single",
			}
		}
	}
	return nil
}

func (l *loader) checkCredentials(c *Collector) {
	if l.invalid[keyCollectorUser] || l.invalid[keyCollectorPassword] || (c.User == "") == (c.Password == "") {
		return
	}
	given, missing := keyCollectorUser, keyCollectorPassword
	if c.User == "" {
		given, missing = missing, given
	}
	l.fail(l.origins[given], fmt.Sprintf("set %s too, for instance in %s", missing, l.byName[missing].Otdemo),
		"%s needs %s as well", given, missing)
}
