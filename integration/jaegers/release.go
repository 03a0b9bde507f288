// Package jaegers builds real Jaegers from the Go module proxy and runs them on
// free ports for a test, without root and beside any other Jaeger. Start at
// Releases and Start; Build fills the cache that Start takes them from.
package jaegers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

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
	// healthPath answers 200 once all receivers are up.
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

// MissingError says that a release has not been built yet.
type MissingError struct {
	Release Release
	Path    string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("jaeger %s is not built: no file %q", e.Release.Name, e.Path)
}

// Hint returns the line that builds it.
func (e *MissingError) Hint() string { return "go -C integration run ./buildjaeger" }

// Path returns the program of r in the cache, otdemo/jaeger in the user's cache
// directory, or a *MissingError when Build has not put it there.
func (r Release) Path() (string, error) {
	path, err := r.cachePath()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return "", &MissingError{Release: r, Path: path}
	} else if err != nil {
		return "", fmt.Errorf("look for jaeger %s: %w", r.Name, err)
	}
	return path, nil
}

func (r Release) cachePath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache for jaeger %s: %w", r.Name, err)
	}
	platform := runtime.GOOS + "-" + runtime.GOARCH
	return filepath.Join(dir, "otdemo", "jaeger", r.Version, "jaeger-"+platform), nil
}
