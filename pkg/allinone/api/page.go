package api

import (
	"bytes"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// pagePolicy lets the page run its own script and style, and talk to this server
// alone.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// ownTitle is in index.html as it is built.
const ownTitle = "<title>otdemo</title>"

// page serves otdemo's own page: index.html for every path that it makes up, and
// below static/ what that loads.
type page struct {
	files fs.FS
	// title is that of index.html until the script sets one; "" leaves otdemo's, by
	// which programs know otdemo's own backend.
	title string
}

// ServeHTTP implements http.Handler. The names below static/ change with the
// content, so that a browser may keep them for good; index.html names them.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	kept := "public, max-age=31536000, immutable"
	if !strings.HasPrefix(name, "static/") {
		name, kept = indexFile, "no-cache"
	}
	content, err := fs.ReadFile(p.files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if p.title != "" {
		content = bytes.Replace(content, []byte(ownTitle), []byte("<title>"+p.title+"</title>"), 1)
	}
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Cache-Control", kept)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
