package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/internal/redact"
)

// hidden is shown instead of a secret.
const hidden = "(hidden)"

// parse reads text, as it stands in a variable or a flag, as a value of type t.
// The problem is nil when it can be parsed; validate checks whether the
// value makes sense. env has the variables of ${NAME:default} in tags.
func (t Type) parse(text string, env environ) (any, *problem) {
	var value any
	var err error
	c := &problem{got: quote(text)}
	switch t {
	case TypeBool:
		value, err = strconv.ParseBool(text)
		c.claim = "must be true or false"
	case TypeInt:
		value, err = strconv.Atoi(text)
		c.claim = "must be a whole number"
		// Kubernetes sets NAME_PORT so for every service of a namespace, which collides
		// with JAEGER_AGENT_PORT when a service is called jaeger-agent.
		if hasPrefix(text, "tcp://", "udp://") {
			c.hint = "Kubernetes sets this for a service of that name: " +
				"put enableServiceLinks: false into the pod's spec, or set the variable there yourself"
		}
	case TypeFloat:
		value, err = strconv.ParseFloat(text, 64)
		c.claim = "must be a number"
	case TypeDuration:
		return parseDuration(text)
	case TypeWords:
		words := []string{}
		if strings.TrimSpace(text) != "" {
			words = strings.Split(text, ",")
		}
		for i, word := range words {
			words[i] = strings.TrimSpace(word)
		}
		return words, nil
	case TypeTags:
		return parseTags(text, env)
	case TypeString, TypeSecret, TypeHost, TypeURL:
		return text, nil
	}
	if err != nil {
		return nil, c
	}
	return value, nil
}

func parseDuration(text string) (any, *problem) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return nil, unitProblem(text)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, &problem{claim: "must be a duration such as 500ms, 1s or 1m30s", got: quote(text)}
	}
	return d, nil
}

// unitProblem is for a number without a unit, which time.ParseDuration accepts only for
// 0, and viper as nanoseconds.
func unitProblem(number string) *problem {
	return &problem{claim: "needs a unit", got: number, instead: number + "s"}
}

// parseTags reads a=b,c=${NAME:default} as jaeger-client-go reads JAEGER_TAGS, but
// returns a problem where that panics: a pair without =, which a comma at the end
// makes as well, and ${NAME} without a colon.
func parseTags(text string, env environ) (any, *problem) {
	tags, c := splitTags(text)
	if c != nil {
		return nil, c
	}
	for i, tag := range tags {
		inner, ok := strings.CutPrefix(tag.Value, "${")
		if !ok || !strings.HasSuffix(inner, "}") {
			continue
		}
		source, fallback, ok := strings.Cut(strings.TrimSuffix(inner, "}"), ":")
		if !ok {
			return nil, &problem{
				claim: "must write a variable with its default, as ${NAME:default}", got: quote(tag.Value),
				instead: strings.ReplaceAll(text, tag.Value, "${"+source+":}"),
			}
		}
		tags[i].Value = cmp.Or(env[source], fallback)
	}
	return tags, nil
}

// splitTags reads a=b,c=d.
func splitTags(text string) ([]Tag, *problem) {
	var tags []Tag
	if strings.TrimSpace(text) == "" {
		return tags, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if ok {
			tags = append(tags, Tag{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
			continue
		}
		c := &problem{claim: "must be name=value pairs separated by commas", got: quote(text)}
		switch tag := strings.TrimSpace(pair); tag {
		case "":
			pairs := strings.Split(text, ",")
			c.instead = strings.Join(slices.DeleteFunc(pairs, func(pair string) bool { return strings.TrimSpace(pair) == "" }), ",")
		case text:
			c.instead = tag + "=true"
		default:
			c.hint = fmt.Sprintf("write %s as %s=value; a comma cannot be part of a value", quote(tag), tag)
		}
		return nil, c
	}
	return tags, nil
}

// format returns value, which must be of t's type, as text. Secrets are hidden.
func (t Type) format(value any) string {
	switch v := value.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Duration:
		return formatDuration(v)
	case []string:
		return strings.Join(v, ",")
	case []Tag:
		pairs := make([]string, len(v))
		for i, tag := range v {
			pairs[i] = tag.Name + "=" + tag.Value
			if strings.ContainsAny(tag.Value, ",\"\n") {
				pairs[i] = tag.Name + "=" + strconv.Quote(tag.Value)
			}
		}
		return strings.Join(pairs, ",")
	case string:
		switch {
		case t == TypeSecret && v != "":
			return hidden
		case t == TypeURL:
			return maskURL(v)
		}
		return v
	}
	return fmt.Sprint(value)
}

// formatDuration removes the zero units that Duration.String adds: 1m, not
// 1m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func maskURL(raw string) string { return redact.Mask(raw, hidden) }
