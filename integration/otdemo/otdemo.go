// Package otdemo builds the program under test and runs it as its users do: in an
// empty home, where it finds neither a config.yaml nor a variable of whoever runs the
// tests. Start at Build.
package otdemo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

const (
	// runTimeout bounds a command that ends by itself.
	runTimeout = 60 * time.Second
	// startTimeout bounds the start of one that serves.
	startTimeout = 20 * time.Second
)

// Program is an otdemo that was built.
type Program struct{ Path string }

// Build makes the program at path as "make build" would, from the tree at root: it
// runs in an image from scratch, too. Under the race detector only the tests are
// slower, not what they measure.
func Build(path, root string) (Program, error) {
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, ".")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return Program{}, fmt.Errorf("build otdemo: %w\n%s", err, out)
	}
	return Program{path}, nil
}

// Command returns otdemo with args.
func (p Program) Command(t *testing.T, args ...string) process.Command {
	t.Helper()
	home := t.TempDir()
	return process.Command{Path: p.Path, Args: args, Env: []string{"HOME=" + home}, Dir: home}
}

// Run runs otdemo to its end and fails the test unless its exit code is want.
func (p Program) Run(t *testing.T, want int, args ...string) process.Result {
	t.Helper()
	got := process.Run(t, runTimeout, p.Command(t, args...))
	if got.Code != want {
		t.Fatalf("otdemo %q: got exit code %d, want %d\nstdout:\n%s\nstderr:\n%s",
			args, got.Code, want, got.Stdout, got.Stderr)
	}
	return got
}

// Start runs an otdemo that serves, with variables of its own, and returns where it
// listens, by name.
func (p Program) Start(t *testing.T, env []string, args ...string) (*process.Process, map[string]string) {
	t.Helper()
	addrFile := filepath.Join(t.TempDir(), "addrs.json")
	c := p.Command(t, append(args, "--addr-file", addrFile)...)
	c.Env = append(c.Env, env...)
	started := process.Start(t, c)
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		content, err := os.ReadFile(addrFile)
		if err == nil {
			var addrs map[string]string
			if err := json.Unmarshal(content, &addrs); err != nil {
				t.Fatalf("otdemo %q wrote an address file of %q: %v", args, content, err)
			}
			return started, addrs
		}
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-started.Done():
			t.Fatalf("otdemo %q ended before it listened", args)
		case <-deadline.C:
			t.Fatalf("otdemo %q did not listen within %s", args, startTimeout)
		case <-tick.C:
		}
	}
}
