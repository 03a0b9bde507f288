package jaegers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Program is a command of one version of a Go module, which Build builds.
type Program struct {
	// Name tells it from the others in messages, such as "jaeger 2.13".
	Name string
	// Module and Version are what the module proxy is asked for.
	Module, Version string

	mainPackage string
	// file is its name in the cache.
	file string
	// ownModule builds it in the module of modules/<file>.mod instead of its own.
	ownModule bool
}

// Programs returns all that the integration tests run: every release of Jaeger,
// oldest first, Appdash, then the clients of others.
func Programs() []Program {
	var all []Program
	for _, r := range Releases() {
		all = append(all, r.Program())
	}
	return append(all, Appdash(), Telemetrygen(), Tracegen(), HotROD(), Compose(), IndexCleaner())
}

// Telemetrygen is the OpenTelemetry Collector's generator of load.
func Telemetrygen() Program {
	return Program{
		Name:    "telemetrygen",
		Module:  "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen",
		Version: "v0.161.0", mainPackage: ".", file: "telemetrygen",
	}
}

// Tracegen is Jaeger's generator of load.
func Tracegen() Program {
	return Program{
		Name: "tracegen", Module: module, Version: "v1.76.0",
		mainPackage: "./cmd/tracegen", file: "tracegen",
	}
}

// HotROD is Jaeger's demo of four services.
func HotROD() Program {
	return Program{
		Name: "hotrod", Module: module, Version: "v1.76.0",
		mainPackage: "./examples/hotrod", file: "hotrod",
	}
}

// MissingError says that a program has not been built yet.
type MissingError struct {
	Program Program
	Path    string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not built: no file %q", e.Program.Name, e.Path)
}

// Hint returns the line that builds it.
func (e *MissingError) Hint() string { return "go -C integration run ./buildjaeger" }

// Path returns p in the cache, a directory of its own below otdemo in the user's
// cache directory, or a *MissingError when Build has not put it there.
func (p Program) Path() (string, error) {
	path, err := p.cachePath()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return "", &MissingError{Program: p, Path: path}
	} else if err != nil {
		return "", fmt.Errorf("look for %s: %w", p.Name, err)
	}
	return path, nil
}

// Need returns p in the cache, and fails the test with the line that builds it when it
// is not there.
func (p Program) Need(t *testing.T) string {
	t.Helper()
	path, err := p.Path()
	if missing, ok := errors.AsType[*MissingError](err); ok {
		t.Fatalf("%v\nhint: %s", missing, missing.Hint())
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (p Program) cachePath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache for %s: %w", p.Name, err)
	}
	platform := runtime.GOOS + "-" + runtime.GOARCH
	return filepath.Join(dir, "otdemo", p.file, p.Version, p.file+"-"+platform), nil
}
