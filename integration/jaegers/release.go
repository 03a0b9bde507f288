// Package jaegers builds real Jaegers, Appdash, and the clients of others that
// otdemo is proven with, from the Go module proxy, and runs Jaegers and Appdash on
// free ports for a test, without root and beside any other of them. Start at
// Releases and Start, or at StartAppdash; Build fills the cache that they take the
// programs from.
package jaegers

// module is the Go module that holds every Jaeger.
const module = "github.com/jaegertracing/jaeger"

// Release is one version of Jaeger that otdemo is proven against.
type Release struct {
	// Name is the version as Jaeger's own releases are numbered, such as "2.13".
	Name string
	// Version is the version of the Go module. From 2.0 on it differs from Name.
	Version string

	mainPackage string
	// args tells the program to listen on the given addresses.
	args func(addrs addresses) []string
	// healthPath returns 200 once all receivers are up.
	healthPath string
}

// Releases returns every release, oldest first.
func Releases() []Release { return []Release{V162(), V213()} }

// V162 is Jaeger 1.62, the last that has the agent inside.
func V162() Release {
	return Release{
		Name: "1.62", Version: "v1.62.0", mainPackage: "./cmd/all-in-one",
		args: argsV1, healthPath: "/",
	}
}

// V213 is Jaeger 2.13, built on the OpenTelemetry Collector. As in all of 2.0 to
// 2.15, its sampling strategies have a numeric strategyType, which
// jaeger-client-go's own remote sampler cannot read.
func V213() Release {
	return Release{
		Name: "2.13", Version: "v1.76.0", mainPackage: "./cmd/jaeger",
		args: argsV2, healthPath: "/status",
	}
}

// String returns the name.
func (r Release) String() string { return r.Name }

// Program returns what Build builds r from.
func (r Release) Program() Program {
	return Program{
		Name: "jaeger " + r.Name, Module: module, Version: r.Version,
		mainPackage: r.mainPackage, file: "jaeger",
	}
}

// Path returns the program of r in the cache, or a *MissingError when Build has
// not put it there.
func (r Release) Path() (string, error) { return r.Program().Path() }
