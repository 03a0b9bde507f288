package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/integration/otdemo"
)

// program is the one under test, which TestMain builds; otdemoPath is where it is.
var (
	program    otdemo.Program
	otdemoPath string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "otdemo-integration-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	otdemoPath = filepath.Join(dir, "otdemo")
	if program, err = otdemo.Build(otdemoPath, ".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}
