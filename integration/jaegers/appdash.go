package jaegers

import (
	"cmp"
	"fmt"
	"net"
	"testing"

	"github.com/otdemo/otdemo/integration/process"
)

// Appdash is Appdash's own command: a collector, which holds traces in memory, and
// a web UI.
func Appdash() Program {
	const module = "sourcegraph.com/sourcegraph/appdash"
	return Program{
		Name: "appdash", Module: module, Version: "v0.0.0-20190731080439-ebfcffb1b5c0",
		mainPackage: module + "/cmd/appdash", file: "appdash", ownModule: true,
	}
}

// AppdashInstance is an Appdash that runs until its test ends.
type AppdashInstance struct {
	// CollectorURL takes spans, as tcp://localhost:7701 does by default.
	CollectorURL string
	// URL is the web UI, as http://localhost:7700 is by default.
	URL string

	proc *process.Process
}

// StartAppdash runs Appdash on free ports of the loopback interface, returns once it
// takes spans, and stops it when the test ends. It fails the test when Appdash is
// not built or does not get ready.
func StartAppdash(t *testing.T) *AppdashInstance {
	t.Helper()
	path := Appdash().Need(t)
	return process.OnFreePorts(t, "appdash", func() (*AppdashInstance, error) {
		t.Helper()
		return startAppdash(t, path)
	})
}

func startAppdash(t *testing.T, path string) (*AppdashInstance, error) {
	t.Helper()
	collector, ui, err := freePair(t)
	if err != nil {
		return nil, err
	}
	inst := &AppdashInstance{CollectorURL: "tcp://" + collector, URL: "http://" + ui}
	inst.proc = process.Start(t, process.Command{
		Path: path, Dir: t.TempDir(),
		// Without a file for the traces, nothing is there from another run.
		Args: []string{"serve", "--collector=" + collector, "--http=" + ui, "--store-file="},
	})
	// It listens for spans before it serves the UI.
	if err := waitReady(t.Context(), inst.URL+"/", inst.proc.Done()); err != nil {
		return nil, cmp.Or(inst.proc.EndedEarly(), err)
	}
	return inst, nil
}

// freePair returns two addresses that were free a moment ago.
func freePair(t *testing.T) (first, second string, err error) {
	t.Helper()
	for _, addr := range []*string{&first, &second} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", anyPort)
		if err != nil {
			return "", "", fmt.Errorf("find a free tcp port: %w", err)
		}
		// Both stay open until the second is found, so that they are not the same.
		defer l.Close()
		*addr = l.Addr().String()
	}
	return first, second, nil
}

// Kill ends Appdash at once, with all traces that it has.
func (i *AppdashInstance) Kill() error { return i.proc.Kill() }
