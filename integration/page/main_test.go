package page

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/integration/otdemo"
	"github.com/otdemo/otdemo/integration/page/browser"
)

// root is the source tree, seen from this package.
const root = "../.."

// program is the one under test, which TestMain builds.
var program otdemo.Program

// chromium is started by the first test that needs it, and ended by TestMain.
var chromium func() (*browser.Browser, error)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "otdemo-page-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if program, err = otdemo.Build(filepath.Join(dir, "otdemo"), root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	var started *browser.Browser
	chromium = sync.OnceValues(func() (*browser.Browser, error) {
		path, err := browser.Find()
		if err == nil {
			started, err = browser.Start(context.Background(), path, filepath.Join(dir, "profile"))
		}
		return started, err
	})
	code := m.Run()
	if started != nil {
		started.Close()
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "goleak:", err)
		code = 1
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// needBrowser returns Chromium, or skips the test where there is none; on CI that
// is a failure.
func needBrowser(t *testing.T) *browser.Browser {
	t.Helper()
	b, err := chromium()
	if errors.Is(err, browser.ErrNone) && os.Getenv("OTDEMO_LAB_REQUIRED") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}
