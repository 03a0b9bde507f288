package api

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/otdemo/otdemo/internal/hint"
)

// uiPolicy lets a UI run its own scripts and workers and talk to this server only.
// Jaeger's has scripts in its page and workers in blobs.
const uiPolicy = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; " +
	"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// UI serves the files of a built Jaeger UI. It takes them as they are: its page
// asks this server for all else.
type UI struct {
	root *os.Root
}

// noUI returns the error for a directory without a UI.
func noUI(dir string, err error) error {
	return hint.New(fmt.Errorf("no ui in %q: %w", dir, err),
		"name the directory with the "+indexFile+" of a built Jaeger UI, as packages/jaeger-ui/build")
}

// OpenUI opens the directory of a built UI. For a directory without an index.html it
// returns an error with a hint. Nothing outside the directory is served, symbolic links
// included. Close it after the server has ended.
func OpenUI(dir string) (*UI, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, noUI(dir, errors.Unwrap(err))
	}
	info, err := root.Stat(indexFile)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", indexFile)
	}
	if err != nil {
		_ = root.Close() // nothing was written
		return nil, noUI(dir, err)
	}
	return &UI{root: root}, nil
}

// Close gives back the directory. It does nothing for a nil UI.
func (u *UI) Close() error {
	if u == nil {
		return nil
	}
	if err := u.root.Close(); err != nil {
		return fmt.Errorf("close ui: %w", err)
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page{files: u.root.FS(), policy: uiPolicy, kept: mayKeep}.ServeHTTP(w, r)
}
