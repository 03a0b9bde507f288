package jaegers

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
)

// IsKind reports whether the image is a storage that Jaeger calls so.
func (i Image) IsKind(kind string) bool {
	cassandra := i.repository == "cassandra" || i.repository == "scylla"
	return i.IsStorage() && cassandra == (kind == probe.StorageCassandra)
}

// Image is what can be read from the name of a container's image.
type Image struct {
	name string
	// repository is the last part of the name, without tag: "all-in-one".
	repository string
	version    Version
}

// ImageOf reads an image's name; labels may be nil.
func ImageOf(name string, labels map[string]string) Image {
	rest, _, _ := strings.Cut(name, "@")
	full, tag := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		full, tag = rest[:i], rest[i+1:]
	}
	image := Image{name: name, repository: full[strings.LastIndexByte(full, '/')+1:]}
	v, ok := ParseVersion(tag)
	if !ok {
		v, ok = ParseVersion(labels["org.opencontainers.image.version"])
	}
	switch {
	case ok:
		image.version = v
	case image.repository == "all-in-one":
		// Its last version, which is what latest stays at.
		image.version = VersionAt(1, 76)
	case strings.HasPrefix(full, "jaegertracing/") && image.repository == "jaeger":
		// This image has no version 1; assume a current 2.
		image.version = VersionAt(2, 20)
	}
	return image
}

// IsJaeger reports whether the image is one that receives or shows spans.
// Jaeger's helpers, which prepare storage or generate load, are not.
func (i Image) IsJaeger() bool {
	helpers := []string{"schema", "cleaner", "rollover", "operator", "hotrod", "tracegen", "ui"}
	if slices.ContainsFunc(helpers, func(h string) bool { return strings.Contains(i.repository, h) }) {
		return false
	}
	return strings.Contains(i.repository, "jaeger") || i.repository == "all-in-one"
}

// IsAgent reports whether this is Jaeger's agent, which stores nothing.
func (i Image) IsAgent() bool { return strings.Contains(i.repository, "agent") }

// IsV2 reports whether this is Jaeger 2, which ignores Jaeger 1's variables and
// flags.
func (i Image) IsV2() bool { return i.version.Major == 2 }

// Lacks reports whether this version surely does not listen on a UDP port that
// others of Jaeger's have, with its built-in configuration.
func (i Image) Lacks(port int) bool {
	g, ok := i.version.Generation()
	if !ok || i.repository != "all-in-one" && i.repository != "jaeger" {
		return false
	}
	return !slices.Contains(g.UDP, port)
}

// IsStorage reports whether a container may be what Jaeger stores in.
func (i Image) IsStorage() bool {
	return slices.Contains([]string{"elasticsearch", "opensearch", "cassandra", "scylla"}, i.repository)
}

// Variable is one of a container's environment.
type Variable struct {
	Name, Value string
	// Line is the line in a compose file; 0 elsewhere.
	Line int
}

// V1Settings returns the variables that Jaeger 1 reads and Jaeger 2 does not.
// Settings that Jaeger 2 has by default, such as receiving OTLP, are left out.
func V1Settings(env []Variable) []Variable {
	prefixes := []string{"SPAN_STORAGE_TYPE", "ES_", "CASSANDRA_", "MEMORY_MAX_TRACES", "BADGER_", "QUERY_BASE_PATH", "SAMPLING_STRATEGIES_FILE"}
	var found []Variable
	for _, v := range env {
		starts := func(prefix string) bool { return strings.HasPrefix(v.Name, prefix) }
		if slices.ContainsFunc(prefixes, starts) && (v.Name != "SPAN_STORAGE_TYPE" || v.Value != "memory") {
			found = append(found, v)
		}
	}
	return found
}

// HasConfig reports whether Jaeger 2 is given a configuration of its own. It may
// use any variable.
func HasConfig(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(strings.TrimPrefix(arg, "-"), "-config") || strings.HasPrefix(arg, "--set")
	})
}

// Opaque reports whether a program of these arguments, those of the entry point first
// if it is known, takes settings from where they are not seen: a configuration file, a
// shell, or a program that is not Jaeger's.
func Opaque(args []string) bool {
	if HasConfig(args) {
		return true
	}
	for i, arg := range args {
		program := path.Base(strings.Trim(arg, `"'`))
		if slices.Contains([]string{"sh", "ash", "bash", "dash", "zsh", "env"}, program) || strings.HasSuffix(program, ".sh") {
			return true
		}
		if i == 0 && strings.HasPrefix(arg, "/") && !slices.ContainsFunc(
			[]string{"jaeger", "all-in-one", "standalone", "collector", "query", "ingester", "agent"},
			func(own string) bool { return strings.Contains(program, own) }) {
			return true
		}
	}
	return false
}

// StorageURLs returns the URLs of Elasticsearch that Jaeger 1 is given.
func StorageURLs(env []Variable, args []string) []Variable {
	var urls []Variable
	add := func(list string, line int) {
		for text := range strings.SplitSeq(list, ",") {
			// An empty one is none; StorageUnset has more to say about it.
			if text = strings.TrimSpace(text); text != "" {
				urls = append(urls, Variable{Name: "ES_SERVER_URLS", Value: text, Line: line})
			}
		}
	}
	for _, v := range env {
		if v.Name == "ES_SERVER_URLS" {
			add(v.Value, v.Line)
		}
	}
	for i, arg := range args {
		flag, value, ok := strings.Cut(arg, "=")
		if strings.TrimLeft(flag, "-") != "es.server-urls" {
			continue
		}
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		add(value, 0)
	}
	return urls
}

// URLHost is the start of a URL up to the end of its host, in any spelling.
var URLHost = regexp.MustCompile(`^(?i:(https?):(/*))?(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)`)

// StorageFault returns what is wrong with an Elasticsearch URL in a container's
// environment, "" if nothing is, and the correct URL. ownHost is set if the
// container has the machine's network, where localhost is the machine.
func StorageFault(raw string, ownHost bool) (fault, fixed string) {
	m := URLHost.FindStringSubmatch(raw)
	scheme, slashes, host := m[1], m[2], m[3]
	rest := raw[len(m[0]):]
	if scheme == "" {
		scheme = "http"
	}
	name := host
	switch {
	case m[1] == "":
		fault = "has no scheme"
	case slashes != "//":
		fault = "has " + plural.Of(len(slashes), "slash", "slashes") + " after " + scheme + ":, so it has no host"
	case probe.IsLoopback(strings.Trim(host, "[]")) && !ownHost:
		fault = "points to the container itself"
	default:
		return "", ""
	}
	if probe.IsLoopback(strings.Trim(host, "[]")) && !ownHost {
		name = "elasticsearch"
	}
	return fault, scheme + "://" + name + rest
}

// userInfo is that of any URL in a text.
var userInfo = regexp.MustCompile(`([a-z][a-z0-9+.-]*:/{1,3})[^/@\s"']+@`)

// RedactURLs removes user and password from the URLs in a text.
func RedactURLs(text string) string { return userInfo.ReplaceAllString(text, "${1}") }
