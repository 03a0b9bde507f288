package docker

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/internal/shell"
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
	// left names what the command does not repeat.
	left []string
}

func (l *commandLine) add(words ...string) {
	for _, w := range words {
		l.words = append(l.words, shell.Quote(w))
		name, _, _ := strings.Cut(w, "=")
		l.ends(name, w)
	}
}

// ends notes a value whose line breaks at its end the shell takes off.
func (l *commandLine) ends(name, value string) {
	if strings.HasSuffix(value, "\n") {
		l.left = append(l.left, "the line break at the end of "+logExcerpt(name))
	}
}

// secret appends a word whose end only the shell sees: it reads the value from
// the engine with a template of docker inspect, the index of which is a number or a
// quoted key. name is for the report. Of the value only its end is looked at.
func (l *commandLine) secret(name, start, where string, index any, value string) {
	l.ends(name, value)
	template := fmt.Sprintf("{{index %s %v}}", where, index)
	word := `"$(docker inspect -f ` + shell.Quote(template) + " " + shell.Quote(l.container) + `)"`
	if start != "" {
		word = shell.Quote(start) + word
	}
	l.words = append(l.words, word)
	l.secrets = append(l.secrets, name)
}

func isSecret(name, value string) bool {
	return jaegers.IsSecret(name) || jaegers.HasSecret(value)
}

// flags appends what is set in a part of the engine's JSON, as settingsOf finds it, and
// not in preset. where is that part in docker inspect's template.
func (l *commandLine) flags(where string, part, preset any) {
	known := settingsOf(where, reflect.ValueOf(preset))
	for _, s := range settingsOf(where, reflect.ValueOf(part)) {
		if slices.Contains(known, s) {
			continue
		}
		l.add(s.name)
		switch key, value, _ := strings.Cut(s.value, "="); {
		case s.where != "" && isSecret(key, value):
			l.secret(key, key+"=", s.where, fmt.Sprintf("%q", key), value)
		case s.value != "":
			l.add(s.value)
		}
	}
}

// setting is a flag of docker run, or a field of its --mount.
type setting struct {
	name string
	// value is empty for a switch.
	value string
	// where is the map that a value as "key=value" is from, in docker inspect's template.
	where string
}

// settingsOf returns what is set in a struct of the engine's JSON. A field's tag
// "docker" is its name for docker run; "default" are the values that docker run sets by
// itself. A struct without a tag is looked through.
func settingsOf(where string, part reflect.Value) []setting {
	var all []setting
	for field, value := range part.Fields() {
		if value.IsZero() {
			continue
		}
		at := where
		if !field.Anonymous {
			at += "." + field.Name
		}
		value = reflect.Indirect(value)
		name := field.Tag.Get("docker")
		add := func(value any) { all = append(all, setting{name: name, value: fmt.Sprint(value)}) }
		switch kind := value.Kind(); {
		case name == "" && kind == reflect.Struct:
			all = append(all, settingsOf(at, value)...)
		case name == "":
		case kind == reflect.Bool && value.Bool():
			add("")
		case kind == reflect.Bool:
		case kind == reflect.Slice:
			for _, item := range value.Seq2() {
				add(item)
			}
		case kind == reflect.Map:
			options, _ := reflect.TypeAssert[map[string]string](value)
			for _, key := range slices.Sorted(maps.Keys(options)) {
				all = append(all, setting{name, key + "=" + options[key], at})
			}
		case !slices.Contains(strings.Split(field.Tag.Get("default"), ","), fmt.Sprint(value)):
			add(value)
		}
	}
	return all
}
