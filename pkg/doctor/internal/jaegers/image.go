package jaegers

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
)

// Image is what can be read from the name of a container's image.
type Image struct {
	// Name is as it was written.
	Name string
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
	image := Image{Name: name, repository: full[strings.LastIndexByte(full, '/')+1:]}
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
	isHelper := slices.ContainsFunc(helpers, func(h string) bool { return strings.Contains(i.repository, h) })
	return !isHelper && (strings.Contains(i.repository, "jaeger") || i.repository == "all-in-one")
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
	return ok && (i.repository == "all-in-one" || i.repository == "jaeger") && !slices.Contains(g.UDP, port)
}

// IsStorage reports whether a container may be what Jaeger stores in.
func (i Image) IsStorage() bool {
	return slices.Contains([]string{"elasticsearch", "opensearch", "cassandra", "scylla"}, i.repository)
}

// IsKind reports whether the image is a storage that Jaeger calls so.
func (i Image) IsKind(kind string) bool {
	cassandra := i.repository == "cassandra" || i.repository == "scylla"
	return i.IsStorage() && cassandra == (kind == probe.StorageCassandra)
}

// urlStart is a URL up to the end of its host, in any spelling.
var urlStart = regexp.MustCompile(`^(?i:(https?):(/*))?(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)`)

// HostIn returns the host of a URL in any spelling, without the brackets of IPv6.
func HostIn(raw string) string { return strings.Trim(urlStart.FindStringSubmatch(raw)[3], "[]") }

// StorageFault returns what is wrong with an Elasticsearch URL in a container's
// environment, "" if nothing is, and the correct URL. ownHost is set if the
// container has the machine's network, where localhost is the machine.
func StorageFault(raw string, ownHost bool) (fault, fixed string) {
	m := urlStart.FindStringSubmatch(raw)
	scheme, slashes, host := cmp.Or(m[1], "http"), m[2], m[3]
	ownContainer := !ownHost && hosts.IsLoopback(strings.Trim(host, "[]"))
	switch {
	case m[1] == "":
		fault = "has no scheme"
	case slashes != "//":
		fault = "has " + plural.Of(len(slashes), "slash", "slashes") + " after " + scheme + ":, so it has no host"
	case ownContainer:
		fault = "points to the container itself"
	default:
		return "", ""
	}
	if ownContainer {
		host = "elasticsearch"
	}
	return fault, scheme + "://" + host + raw[len(m[0]):]
}
