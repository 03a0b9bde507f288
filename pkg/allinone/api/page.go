package api

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/otdemo/otdemo/web"
)

const (
	// indexFile is what a browser runs, whatever path of a page it asks for.
	indexFile = "index.html"
	// pagePolicy lets the page run its own script and style, and talk to this server
	// alone.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	// ownTitle is in index.html as it is built. Programs know otdemo's own backend by it.
	ownTitle = "<title>otdemo</title>"
	mayKeep  = "no-cache" // and asks for it again
)

// page serves the files of a page that runs in the browser.
type page struct {
	files  fs.FS
	policy string
	// kept is the Cache-Control of the files below static/.
	kept string
	// title is that of index.html until the script sets one; "" leaves the file's.
	title string
}

// ownPage is otdemo's. The names below static/ change with the content, so that a browser
// may keep them for good; index.html names them.
func ownPage(title string) page {
	return page{files: web.Page(), policy: pagePolicy, kept: "public, max-age=31536000, immutable", title: title}
}

// ServeHTTP serves the file that the path names, or index.html for the paths that the
// page makes up, such as /trace/1f. A file that is missing below static/ is not found: a
// page in its place would be taken for a broken script.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	kept := p.kept
	file, info, err := p.open(name)
	if !strings.HasPrefix(name, "static/") {
		kept = mayKeep
		if err != nil {
			file, info, err = p.open(indexFile)
		}
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = file.Close() }() // read only
	var content io.ReadSeeker = file
	if p.title != "" && info.Name() == indexFile {
		text, _ := io.ReadAll(file) // is embedded
		content = bytes.NewReader(bytes.Replace(text, []byte(ownTitle), []byte("<title>"+p.title+"</title>"), 1))
	}
	w.Header().Set("Content-Security-Policy", p.policy)
	w.Header().Set("Cache-Control", kept)
	http.ServeContent(w, r, info.Name(), info.ModTime(), content)
}

// open opens a regular file. A FIFO would block, so it is looked at before.
func (p page) open(name string) (io.ReadSeekCloser, fs.FileInfo, error) {
	info, err := fs.Stat(p.files, name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil, fs.ErrNotExist
	}
	file, err := p.files.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return file.(io.ReadSeekCloser), info, nil // embedded files and those of a directory are
}
