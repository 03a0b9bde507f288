// Package web carries the page: the files that `make web` builds from its sources
// here, so that `go build` needs nothing but Go. Start at Page.
package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Page returns the built files: index.html, and below static/ what it loads, with
// names that change with their content.
func Page() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name above is no path
	}
	return files
}
