package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	otdemoPrefix = "OTDEMO_"
	jaegerPrefix = "JAEGER_"
)

// environ is the environment. An empty variable counts as unset, so it is not
// in the map.
type environ map[string]string

func newEnviron(list []string) environ {
	env, seen := environ{}, map[string]bool{}
	for _, entry := range list {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" || seen[name] {
			continue
		}
		seen[name] = true
		if value != "" {
			env[name] = value
		}
	}
	return env
}

// get returns the value, or "" when name is unset.
func (e environ) get(name string) string { return e[name] }

// prefixed returns the names that start with prefix, sorted.
func (e environ) prefixed(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(e)), func(name string) bool {
		return !strings.HasPrefix(name, prefix)
	})
}

// serviceLink reports whether the variable is one of those that Kubernetes sets
// in every pod for each service of its namespace ("Discovering services" in its
// documentation): for a service called otdemo OTDEMO_SERVICE_HOST,
// OTDEMO_PORT_8000_TCP and more. They are not configuration.
func serviceLink(name, value string) bool {
	if strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://") {
		return true
	}
	matched, err := regexp.MatchString(
		`_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$`, name)
	return err == nil && matched
}

// loadOtdemo sets the keys that OTDEMO_* variables name.
func (l *loader) loadOtdemo() {
	byVariable := map[string]*Key{}
	var known []string
	for i := range l.keys {
		key := &l.keys[i]
		byVariable[key.Otdemo] = key
		known = append(known, strings.TrimPrefix(key.Otdemo, otdemoPrefix))
	}
	for _, name := range l.env.prefixed(otdemoPrefix) {
		from := Origin{LayerOtdemo, name}
		if key, ok := byVariable[name]; ok {
			l.setText(key, l.env.get(name), from)
			continue
		}
		if serviceLink(name, l.env.get(name)) {
			continue
		}
		rest := strings.TrimPrefix(name, otdemoPrefix)
		near := Nearest(rest, known)
		if near == "" {
			near = sameEnd(rest, "_", known)
		}
		f := &Fault{Origin: from, Text: "no configuration key has this variable"}
		if near != "" {
			f.hint = fmt.Sprintf("did you mean %s?", otdemoPrefix+strings.ReplaceAll(near, " or ", " or "+otdemoPrefix))
		} else {
			f.hint = "unset " + name + "; otdemo config lists the keys; the variable of serve.port, for example, is OTDEMO_SERVE_PORT"
		}
		l.fail(f)
	}
}
