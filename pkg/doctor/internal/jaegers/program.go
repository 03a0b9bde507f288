package jaegers

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// Settings of Jaeger 1 by their variables. The flag of each has the same words.
const (
	StorageTypeVariable      = "SPAN_STORAGE_TYPE"
	StorageURLVariable       = "ES_SERVER_URLS"
	cassandraServersVariable = "CASSANDRA_SERVERS"
)

// Kinds of storage that are of no other program.
const (
	StorageMemory = "memory"
	StorageBadger = "badger"
)

// Program is how a container starts a Jaeger.
type Program struct {
	Image Image
	Env   []Variable
	// Args are the arguments, those of the entry point first if it is known.
	Args []string
}

// Variable is one of a container's environment.
type Variable struct {
	Name, Value string
	// Line is the line in a compose file; 0 elsewhere.
	Line int
}

// Setting returns a setting of Jaeger 1, whose flags outrank its variables. Its value
// is "" when it is not set, or empty, which is the same to Jaeger.
func (p *Program) Setting(name string) Variable {
	if v, ok := p.flag(name); ok {
		return v
	}
	return p.variable(name)
}

// variable returns the last one of a name, which is in effect.
func (p *Program) variable(name string) Variable {
	for _, v := range slices.Backward(p.Env) {
		if v.Name == name {
			return v
		}
	}
	return Variable{}
}

// LineOf returns the line of a variable, 0 if there is none.
func (p *Program) LineOf(name string) int { return p.variable(name).Line }

func (p *Program) flag(name string) (Variable, bool) {
	for i, arg := range p.Args {
		flag, value, joined := strings.Cut(arg, "=")
		if !strings.HasPrefix(flag, "-") || VariableOf(flag) != name {
			continue
		}
		if !joined {
			value = "true"
			if i+1 < len(p.Args) && !strings.HasPrefix(p.Args[i+1], "-") {
				value = p.Args[i+1]
			}
		}
		return Variable{Name: name, Value: value}, true
	}
	return Variable{}, false
}

// VariableOf is the variable of a flag: that of --es.server-urls is
// ES_SERVER_URLS.
func VariableOf(flag string) string {
	return strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(strings.TrimLeft(flag, "-")))
}

// StorageType is what a Jaeger 1 stores in: of several kinds the first, which it
// reads from too. It is "" where nothing is stored, and in Jaeger 2.
func (p *Program) StorageType() string {
	var fallback string
	switch {
	case p.Image.IsV2() || p.Image.IsAgent():
		return ""
	case p.Image.repository == "all-in-one":
		fallback = StorageMemory
	case slices.Contains([]string{"jaeger-collector", "jaeger-query", "jaeger-ingester"}, p.Image.repository):
		fallback = probe.StorageCassandra
	}
	// The variable outranks the flag here, which is an old one.
	flag, _ := p.flag(StorageTypeVariable)
	kind, _, _ := strings.Cut(cmp.Or(p.variable(StorageTypeVariable).Value, flag.Value, fallback), ",")
	return strings.TrimSpace(kind)
}

// StorageURLs returns the URLs of Elasticsearch that Jaeger 1 is given. An empty one
// is none; StorageUnset has more to say about it.
func (p *Program) StorageURLs() []Variable {
	var urls []Variable
	given := p.Setting(StorageURLVariable)
	for text := range strings.SplitSeq(given.Value, ",") {
		if text = strings.TrimSpace(text); text != "" {
			urls = append(urls, Variable{Name: given.Name, Value: text, Line: given.Line})
		}
	}
	return urls
}

// V1Settings returns the names of the variables that Jaeger 1 reads and Jaeger 2 does
// not. Settings that Jaeger 2 has by default, such as receiving OTLP, are left out.
func (p *Program) V1Settings() []string {
	prefixes := []string{"SPAN_STORAGE_TYPE", "ES_", "CASSANDRA_", "MEMORY_MAX_TRACES", "BADGER_", "QUERY_BASE_PATH", "SAMPLING_STRATEGIES_FILE"}
	var names []string
	for _, v := range p.Env {
		begins := func(prefix string) bool { return strings.HasPrefix(v.Name, prefix) }
		if slices.ContainsFunc(prefixes, begins) && (v.Name != StorageTypeVariable || v.Value != StorageMemory) {
			names = append(names, v.Name)
		}
	}
	return names
}

// HasConfig reports whether Jaeger 2 is given a configuration of its own. It may
// use any variable.
func (p *Program) HasConfig() bool {
	return slices.ContainsFunc(p.Args, func(arg string) bool {
		return strings.HasPrefix(strings.TrimPrefix(arg, "-"), "-config") || strings.HasPrefix(arg, "--set")
	})
}

// Opaque reports whether the program takes settings from where they are not seen: a
// configuration file, a shell, or a program that is not Jaeger's.
func (p *Program) Opaque() bool {
	shells := []string{"sh", "ash", "bash", "dash", "zsh", "env"}
	inShell := func(arg string) bool {
		name := path.Base(strings.Trim(arg, `"'`))
		return slices.Contains(shells, name) || strings.HasSuffix(name, ".sh")
	}
	own := []string{"jaeger", "all-in-one", "standalone", "collector", "query", "ingester", "agent"}
	isOther := len(p.Args) > 0 && strings.HasPrefix(p.Args[0], "/") &&
		!slices.ContainsFunc(own, func(word string) bool { return strings.Contains(path.Base(p.Args[0]), word) })
	return isOther || p.HasConfig() || slices.ContainsFunc(p.Args, inShell)
}
