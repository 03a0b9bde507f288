package lab

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
)

// buildTimeout is for a link: what it is made of was compiled with Jaeger 2.13,
// which is of the same module.
const buildTimeout = 5 * time.Minute

// AllInOne176 returns the path of the last all-in-one of Jaeger 1, which has no
// agent. It is kept beside the Jaeger 2.13 in the user's cache, and made when it
// is not there, which takes some seconds.
func AllInOne176(t *testing.T) string {
	t.Helper()
	beside, err := jaegers.V213().Path()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(beside), "all-in-one")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	ctx, cancel := context.WithTimeout(t.Context(), buildTimeout)
	defer cancel()
	module := "github.com/jaegertracing/jaeger@" + jaegers.V213().Version
	var answer struct{ Dir string }
	if err := json.Unmarshal(goCommand(ctx, t, os.TempDir(), "mod", "download", "-json", module), &answer); err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(t.TempDir(), "all-in-one")
	// The version is put in as Jaeger's own Makefile does.
	version := "-ldflags=-X github.com/jaegertracing/jaeger/internal/version.latestVersion=" + jaegers.V213().Version
	goCommand(ctx, t, answer.Dir, "build", "-trimpath", version, "-o", built, "./cmd/all-in-one")
	// The cache may be another file system than the test's.
	content, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", content, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// goCommand runs the go command in dir and returns what it printed on stdout.
func goCommand(ctx context.Context, t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %q: %v", args, err)
	}
	return out
}
