package api

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/otdemo/otdemo/internal/hint"
)

// indexFile is what a browser runs, whatever path of the UI it asks for.
const indexFile = "index.html"

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

// ServeHTTP serves the file that the path names, or the page for the paths that
// the UI makes up, such as /trace/1f. A file that is missing below static/ is not
// found: a page in its place would be taken for a broken script.
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	file, info, err := u.open(name)
	if err != nil && !strings.HasPrefix(name, "static/") {
		file, info, err = u.open(indexFile)
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = file.Close() }() // read only
	w.Header().Set("Content-Security-Policy", uiPolicy)
	w.Header().Set("Cache-Control", "no-cache") // may be kept, and is asked for again
	http.ServeContent(w, r, info.Name(), info.ModTime(), file)
}

// open opens a regular file. A FIFO would block, so it is looked at before.
func (u *UI) open(name string) (*os.File, fs.FileInfo, error) {
	info, err := u.root.Stat(name)
	if err != nil {
		return nil, nil, fmt.Errorf("look at ui file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("ui file %q is no regular file", name)
	}
	file, err := u.root.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("open ui file: %w", err)
	}
	return file, info, nil
}
