package doctor

import (
	"fmt"
	"net/url"
	"slices"
)

// identity is what the probe of that name learns: which Jaeger shows the traces.
// The zero value knows nothing.
type identity struct {
	// major is 1 or 2; version is known less often.
	major   int
	version version
	// text is the version as this Jaeger writes it, such as "v1.62.0".
	text string
	// embedded: it is otdemo's own backend and no Jaeger; zipkin: Zipkin's server.
	embedded, zipkin bool
	// host is where it runs, as far as URLs tell.
	host string
	// source is where this was read.
	source string
}

func (i identity) known() bool { return i.major > 0 || i.embedded || i.zipkin }

// backend is whose traces are read back, in a sentence.
func (i identity) backend() string {
	if i.zipkin {
		return "Zipkin"
	}
	return "Jaeger"
}

// precision orders what several sources tell.
func (i identity) precision() int {
	switch {
	case i.version.known(), i.embedded, i.zipkin:
		return 2
	case i.known():
		return 1
	default:
		return 0
	}
}

// String is the name in a sentence.
func (i identity) String() string {
	switch {
	case i.embedded:
		return "otdemo all-in-one"
	case i.zipkin && i.text != "":
		return "Zipkin " + i.text
	case i.zipkin:
		return "a Zipkin"
	case i.version.known():
		return "Jaeger " + i.text
	case i.major > 0:
		return fmt.Sprintf("a Jaeger %d", i.major)
	default:
		return "an unknown Jaeger"
	}
}

// candidates are the generations that it may be of.
func (i identity) candidates() []generation {
	if i.embedded || i.zipkin {
		return nil
	}
	if g, ok := i.version.generation(); ok && i.version.known() {
		return []generation{g}
	}
	return slices.DeleteFunc(generations(), func(g generation) bool {
		return i.major > 0 && g.from.major != i.major
	})
}

// all reports whether it is certain that this Jaeger is so, whichever of the
// candidates it is.
func (i identity) all(so func(generation) bool) bool {
	if !i.known() {
		return false
	}
	candidates := i.candidates()
	return len(candidates) > 0 && !slices.ContainsFunc(candidates, func(g generation) bool { return !so(g) })
}

// may reports whether this Jaeger may be so, for all that is known.
func (i identity) may(so func(generation) bool) bool {
	return slices.ContainsFunc(i.candidates(), so)
}

func takesUDP(port int) func(generation) bool {
	return func(g generation) bool { return slices.Contains(g.udp, port) }
}

func lacksUDP(port int) func(generation) bool {
	return func(g generation) bool { return !slices.Contains(g.udp, port) }
}

func onLoopback(g generation) bool { return g.loopback }

// runsOn reports whether this Jaeger and host are the same machine for all that
// names tell. An agent may run elsewhere and be of another version.
func (i identity) runsOn(host string) bool {
	return i.known() && (i.host == host || isLoopback(i.host) && isLoopback(host))
}

// queryHost is the host of the query API, "" when it has none.
func (t *Target) queryHost() string {
	u, err := url.Parse(t.config().Query.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// spanHost is the host that spans are sent to, "" when it has none.
func (t *Target) spanHost() string {
	cfg := t.config()
	if !cfg.UsesCollector() {
		return cfg.Reporter.Agent.Host
	}
	u, err := t.collector()
	if err != nil {
		return ""
	}
	return u.Hostname()
}
