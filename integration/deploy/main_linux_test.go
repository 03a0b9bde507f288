//go:build storage

package deploy

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// The programs that TestMain builds, so that they run in an image from scratch.
var (
	otdemoPath  string
	standinPath string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "otdemo-deploy-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	otdemoPath, standinPath = filepath.Join(dir, "otdemo"), filepath.Join(dir, "standin")
	for path, source := range map[string]string{otdemoPath: "../..", standinPath: "standin"} {
		if err := build(path, source); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.RemoveAll(dir)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// build makes a program as the Dockerfile does.
func build(path, source string) error {
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", path, ".")
	cmd.Dir, cmd.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	return nil
}
