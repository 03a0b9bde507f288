package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// otdemoPath is the program under test, which TestMain builds.
var otdemoPath string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "otdemo-integration-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	otdemoPath = filepath.Join(dir, "otdemo")
	if err := build(otdemoPath); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// build makes the program as "make build" would. Under the race detector only the
// tests are slower, not what they measure.
func build(path string) error {
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, ".")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build otdemo: %w\n%s", err, out)
	}
	return nil
}
