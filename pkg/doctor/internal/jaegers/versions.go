package jaegers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Jaeger's UDP ports. The Go client sends what 6831 expects.
const (
	PortCompact = 6831
	PortBinary  = 6832
	PortZipkin  = 5775
)

// Version is the start of a Version number. The zero value is unknown.
type Version struct{ Major, Minor int }

// VersionAt returns the version of those numbers.
func VersionAt(major, minor int) Version { return Version{Major: major, Minor: minor} }

var versionStart = regexp.MustCompile(`^v?(\d+)(?:\.(\d+))?`)

// ParseVersion reads versions as "1.62.0", "v2.13" and "2".
func ParseVersion(text string) (Version, bool) {
	m := versionStart.FindStringSubmatch(text)
	if m == nil {
		return Version{}, false
	}
	// A number that is too large is not a known version.
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return VersionAt(major, minor), true
}

// AtLeast reports whether the version is other or a later one.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Ports lists what the generation listens on.
func (g Generation) Ports() string {
	text := "tcp " + numbers(g.TCP) + "; no udp"
	if len(g.UDP) > 0 {
		text = "udp " + numbers(g.UDP) + "; tcp " + numbers(g.TCP)
	}
	if g.Loopback {
		text += " (all but 16685 and 16686 on 127.0.0.1 only, unless JAEGER_LISTEN_HOST is set)"
	}
	return text
}

func numbers(ports []int) string { return strings.Trim(fmt.Sprint(ports), "[]") }

// Known reports whether anything is known of it.
func (v Version) Known() bool { return v != Version{} }

// EndOfV1 is when Jaeger 1 ceased to be maintained, with 1.76.
const EndOfV1 = "2025-12-31"

// Generation is a run of releases whose all-in-one listens alike by default.
type Generation struct {
	// From is the first release; the last is the one before the next generation.
	From Version
	// UDP are the ports that receive spans, TCP those of everything else.
	UDP, TCP []int
	// Loopback: all but the UI listens on 127.0.0.1 only, unless
	// JAEGER_LISTEN_HOST is set, as it is in the image.
	Loopback bool
	// NumericStrategy: port 5778 returns strategies that jaeger-client-go
	// cannot read.
	NumericStrategy bool
	// CollectorSampling: port 14268 has /api/sampling.
	CollectorSampling bool
}

// Generations returns all Generations, oldest first. Source: what 1.42, 1.62 and
// 2.13 listened on when they were run, and for the others the EXPOSE lines and
// all-in-one.yaml of their tags. 1.46 switched OTLP on (jaeger#4494), 1.63
// removed the agent (jaeger#6081), 2.1 had no UDP until 2.2 (jaeger#6413), and
// 2.16 writes strategies in words (jaeger#8014).
func Generations() []Generation {
	thrift := []int{PortZipkin, PortCompact, PortBinary}
	two := []int{4317, 4318, 5778, 5779, 8888, 9411, 13133, 14250, 14268, 16685, 16686}
	return []Generation{
		{
			From: VersionAt(1, 0), UDP: thrift, CollectorSampling: true,
			TCP: []int{5778, 14250, 14268, 14269, 16685, 16686},
		},
		{
			From: VersionAt(1, 46), UDP: thrift, CollectorSampling: true,
			TCP: []int{4317, 4318, 5778, 14250, 14268, 14269, 16685, 16686},
		},
		{
			From: VersionAt(1, 63), CollectorSampling: true,
			TCP: []int{4317, 4318, 14250, 14268, 14269, 16685, 16686},
		},
		{From: VersionAt(2, 0), UDP: []int{PortCompact, PortBinary}, TCP: two, Loopback: true, NumericStrategy: true},
		{From: VersionAt(2, 1), TCP: two, Loopback: true, NumericStrategy: true},
		{From: VersionAt(2, 2), UDP: []int{PortCompact, PortBinary}, TCP: two, Loopback: true, NumericStrategy: true},
		{From: VersionAt(2, 16), UDP: []int{PortCompact, PortBinary}, TCP: two, Loopback: true},
	}
}

// Generation returns the one that v belongs to.
func (v Version) Generation() (Generation, bool) {
	for _, g := range slices.Backward(Generations()) {
		if v.AtLeast(g.From.Major, g.From.Minor) {
			return g, true
		}
	}
	return Generation{}, false
}
