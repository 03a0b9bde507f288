package identity

import (
	"fmt"
	"slices"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

// Identity is the published result of the probe of that name: the Jaeger that
// shows the traces. The zero value is an unknown one.
type Identity struct {
	// Major is 1 or 2; version is known less often.
	Major   int
	Version jaegers.Version
	// Text is the version as this Jaeger writes it, such as "v1.62.0".
	Text string
	// Embedded: it is otdemo's own backend and no Jaeger; zipkin: Zipkin's server.
	Embedded, Zipkin bool
	// Host is where it runs, according to the URLs.
	Host string
	// Source is where this was read.
	Source string
}

// Known reports whether anything is known of it.
func (i Identity) Known() bool { return i.Major > 0 || i.Embedded || i.Zipkin }

// Backend is whose traces are read back, in a sentence.
func (i Identity) Backend() string {
	if i.Zipkin {
		return "Zipkin"
	}
	return "Jaeger"
}

// isExact reports whether another source cannot know more.
func (i Identity) isExact() bool { return i.Version.Known() || i.Embedded || i.Zipkin }

// String is the name in a sentence.
func (i Identity) String() string {
	switch {
	case i.Embedded:
		return "otdemo all-in-one"
	case i.Zipkin && i.Text != "":
		return "Zipkin " + i.Text
	case i.Zipkin:
		return "a Zipkin"
	case i.Version.Known():
		return "Jaeger " + i.Text
	case i.Major > 0:
		return fmt.Sprintf("a Jaeger %d", i.Major)
	default:
		return "an unknown Jaeger"
	}
}

func (i Identity) candidates() []jaegers.Generation {
	if i.Embedded || i.Zipkin {
		return nil
	}
	if g, ok := i.Version.Generation(); ok {
		return []jaegers.Generation{g}
	}
	return slices.DeleteFunc(jaegers.Generations(), func(g jaegers.Generation) bool {
		return i.Major > 0 && g.From.Major != i.Major
	})
}

// All reports whether it is certain that this Jaeger is so, whichever of the
// candidates it is.
func (i Identity) All(holds func(jaegers.Generation) bool) bool {
	if !i.Known() {
		return false
	}
	candidates := i.candidates()
	return len(candidates) > 0 && !slices.ContainsFunc(candidates, func(g jaegers.Generation) bool { return !holds(g) })
}

// May reports whether this Jaeger may be so, for all that is known.
func (i Identity) May(holds func(jaegers.Generation) bool) bool {
	return slices.ContainsFunc(i.candidates(), holds)
}

// TakesUDP returns a condition: the generation receives UDP on port.
func TakesUDP(port int) func(jaegers.Generation) bool {
	return func(g jaegers.Generation) bool { return slices.Contains(g.UDP, port) }
}

// LacksUDP returns a condition: the generation does not receive UDP on port.
func LacksUDP(port int) func(jaegers.Generation) bool {
	return func(g jaegers.Generation) bool { return !slices.Contains(g.UDP, port) }
}

// OnLoopback reports whether the generation listens on loopback only by default.
func OnLoopback(g jaegers.Generation) bool { return g.Loopback }

// RunsOn reports whether this Jaeger and host are the same machine according to
// their names. An agent may run elsewhere and have another version.
func (i Identity) RunsOn(host string) bool {
	return i.Known() && (i.Host == host || hosts.IsLoopback(i.Host) && hosts.IsLoopback(host))
}
