package doctor

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// version is the start of a version number. The zero value is unknown.
type version struct{ major, minor int }

// versionAt returns the version of those numbers.
func versionAt(major, minor int) version { return version{major: major, minor: minor} }

var versionStart = regexp.MustCompile(`^v?(\d+)(?:\.(\d+))?`)

// parseVersion reads versions as "1.62.0", "v2.13" and "2".
func parseVersion(text string) (version, bool) {
	m := versionStart.FindStringSubmatch(text)
	if m == nil {
		return version{}, false
	}
	// Too large a number is no version of anything known.
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return versionAt(major, minor), true
}

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// jaegerImage is what the name of a container's image tells.
type jaegerImage struct {
	name string
	// repository is the last part of the name, without tag: "all-in-one".
	repository string
	version    version
}

// imageOf reads an image's name; labels may be nil.
func imageOf(name string, labels map[string]string) jaegerImage {
	rest, _, _ := strings.Cut(name, "@")
	path, tag := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		path, tag = rest[:i], rest[i+1:]
	}
	image := jaegerImage{name: name, repository: path[strings.LastIndexByte(path, '/')+1:]}
	v, ok := parseVersion(tag)
	if !ok {
		v, ok = parseVersion(labels["org.opencontainers.image.version"])
	}
	switch {
	case ok:
		image.version = v
	case image.repository == "all-in-one":
		// Its last version for ever, which is what latest stays at.
		image.version = versionAt(1, 76)
	case strings.HasPrefix(path, "jaegertracing/") && image.repository == "jaeger":
		// There is no version 1 of this image; any 2 of today.
		image.version = versionAt(2, 20)
	}
	return image
}

// isJaeger reports whether the image is one that takes or shows spans. Its
// helpers, which prepare storage or make load, are none.
func (i jaegerImage) isJaeger() bool {
	helpers := []string{"schema", "cleaner", "rollover", "operator", "hotrod", "tracegen", "ui"}
	if slices.ContainsFunc(helpers, func(h string) bool { return strings.Contains(i.repository, h) }) {
		return false
	}
	return strings.Contains(i.repository, "jaeger") || i.repository == "all-in-one"
}

// isV2 reports whether this is Jaeger 2, which knows none of Jaeger 1's
// variables and flags.
func (i jaegerImage) isV2() bool { return i.version.major == 2 }

// lacks reports whether this version surely does not listen on a UDP port that
// others of Jaeger's have, with its built-in configuration.
func (i jaegerImage) lacks(port int) bool {
	g, ok := i.version.generation()
	if !ok || i.repository != "all-in-one" && i.repository != "jaeger" {
		return false
	}
	return !slices.Contains(g.udp, port)
}

// isStorage reports whether a container may be what Jaeger stores in.
func (i jaegerImage) isStorage() bool {
	return slices.Contains([]string{"elasticsearch", "opensearch", "cassandra", "scylla"}, i.repository)
}

// variable is one of a container's environment.
type variable struct {
	name, value string
	// line is where a compose file says it; 0 elsewhere.
	line int
}

// v1Settings returns the variables that Jaeger 1 reads and Jaeger 2 does not.
// What Jaeger 2 does by itself, such as to take OTLP, is none of them.
func v1Settings(env []variable) []variable {
	prefixes := []string{"SPAN_STORAGE_TYPE", "ES_", "CASSANDRA_", "MEMORY_MAX_TRACES", "BADGER_", "QUERY_BASE_PATH", "SAMPLING_STRATEGIES_FILE"}
	var found []variable
	for _, v := range env {
		starts := func(prefix string) bool { return strings.HasPrefix(v.name, prefix) }
		if slices.ContainsFunc(prefixes, starts) && (v.name != "SPAN_STORAGE_TYPE" || v.value != "memory") {
			found = append(found, v)
		}
	}
	return found
}

// hasConfig reports whether Jaeger 2 is given a configuration of its own. It may
// use any variable.
func hasConfig(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(strings.TrimPrefix(arg, "-"), "-config") || strings.HasPrefix(arg, "--set")
	})
}

// storageURLs returns the URLs of Elasticsearch that Jaeger 1 is given.
func storageURLs(env []variable, args []string) []variable {
	var urls []variable
	add := func(list string, line int) {
		for text := range strings.SplitSeq(list, ",") {
			urls = append(urls, variable{name: "ES_SERVER_URLS", value: strings.TrimSpace(text), line: line})
		}
	}
	for _, v := range env {
		if v.name == "ES_SERVER_URLS" {
			add(v.value, v.line)
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

// urlHost is the start of a URL up to the end of its host, in any spelling.
var urlHost = regexp.MustCompile(`^(?i:(https?):(/*))?(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)`)

// storageFault says what is wrong with a URL of Elasticsearch in a container's
// environment, "" if nothing is, and the URL as it should be. ownHost says that
// the container has the machine's network, where localhost is the machine.
func storageFault(raw string, ownHost bool) (fault, mended string) {
	m := urlHost.FindStringSubmatch(raw)
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
		fault = "has " + countOf(len(slashes), "slash", "slashes") + " after " + scheme + ":, so it has no host"
	case isLoopback(strings.Trim(host, "[]")) && !ownHost:
		fault = "is of the container itself"
	default:
		return "", ""
	}
	if isLoopback(strings.Trim(host, "[]")) && !ownHost {
		name = "elasticsearch"
	}
	return fault, scheme + "://" + name + rest
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// userInfo is that of any URL in a text.
var userInfo = regexp.MustCompile(`([a-z][a-z0-9+.-]*:/{1,3})[^/@\s"']+@`)

// redactURLs takes user and password out of the URLs in a text.
func redactURLs(text string) string { return userInfo.ReplaceAllString(text, "${1}") }
