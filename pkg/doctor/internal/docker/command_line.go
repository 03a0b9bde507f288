package docker

import (
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

// commandLine collects the words of a docker command, each as a POSIX shell
// reads it.
type commandLine struct {
	words []string
	// container is the container that secret values are read from.
	container string
	// secrets names the settings whose values are read from it.
	secrets []string
	// cut names the words that the shell takes an end off.
	cut []string
}

// add appends words, quoted where they need it.
func (l *commandLine) add(words ...string) {
	for _, w := range words {
		l.words = append(l.words, ShellQuote(w))
		name, _, _ := strings.Cut(w, "=")
		l.ends(name, w)
	}
}

// ends notes a value whose line breaks at its end the shell takes off.
func (l *commandLine) ends(name, value string) {
	if strings.HasSuffix(value, "\n") {
		l.cut = append(l.cut, "the line break at the end of "+logExcerpt(name))
	}
}

// secret appends a word whose end only the shell sees: it reads the value from
// the engine with a template of docker inspect. name is for the report. Of the value
// only its end is looked at.
func (l *commandLine) secret(name, start, template, value string) {
	l.ends(name, value)
	word := `"$(docker inspect -f ` + ShellQuote(template) + " " + ShellQuote(l.container) + `)"`
	if start != "" {
		word = ShellQuote(start) + word
	}
	l.words = append(l.words, word)
	l.secrets = append(l.secrets, name)
}

// each appends the flag once for each value.
func (l *commandLine) each(flag string, values ...string) {
	for _, v := range values {
		l.add(flag, v)
	}
}

// text appends the flag unless the value is empty or a default of the engine's.
func (l *commandLine) text(flag, value string, defaults ...string) {
	if value != "" && !slices.Contains(defaults, value) {
		l.add(flag, value)
	}
}

// number appends the flag unless the value is 0 or the engine's default.
func (l *commandLine) number(flag string, value int64, defaults ...int64) {
	if value != 0 && !slices.Contains(defaults, value) {
		l.add(flag, strconv.FormatInt(value, 10))
	}
}

// bytes appends the flag with a size, in the largest unit that is exact.
func (l *commandLine) bytes(flag string, value int64, defaults ...int64) {
	const gigabyte, megabyte = 1 << 30, 1 << 20
	switch {
	case value > 0 && value%gigabyte == 0 && !slices.Contains(defaults, value):
		l.add(flag, strconv.FormatInt(value/gigabyte, 10)+"g")
	case value > 0 && value%megabyte == 0 && !slices.Contains(defaults, value):
		l.add(flag, strconv.FormatInt(value/megabyte, 10)+"m")
	default:
		l.number(flag, value, defaults...)
	}
}

// on appends a flag without a value.
func (l *commandLine) on(flag string, is bool) {
	if is {
		l.add(flag)
	}
}

// options appends the flag once for each key, as key=value. Where is the map in
// docker inspect's template, for the values that are secret.
func (l *commandLine) options(flag, where string, values map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if jaegers.IsSecret(key) || jaegers.RedactURLs(values[key]) != values[key] {
			l.add(flag)
			l.secret(key, key+"=", fmt.Sprintf("{{index %s %q}}", where, key), values[key])
			continue
		}
		l.add(flag, key+"="+values[key])
	}
}

// commaFields writes fields as --mount reads them, which is as CSV.
func commaFields(fields []string) string {
	var s strings.Builder
	w := csv.NewWriter(&s)
	// A strings.Builder never fails.
	_ = w.Write(fields)
	w.Flush()
	return strings.TrimSuffix(s.String(), "\n")
}
