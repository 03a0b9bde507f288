package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

// farPath is what a proxy asks for, written anew from what it has understood: the
// path as it is, and as it is encoded.
type farPath struct{ plain, encoded string }

// farPaths are the paths that a proxy passes on, with what makes the far one of a
// request; ok is false for one that is not passed on after all.
func farPaths() map[string]func(r *http.Request) (path farPath, ok bool) {
	paths := map[string]func(*http.Request) (farPath, bool){
		"/api/traces/{id}": func(r *http.Request) (farPath, bool) {
			id := r.PathValue("id")
			_, err := trace.ParseTraceID(id) // hexadecimal digits only
			return farPath{"/api/traces/" + id, "/api/traces/" + id}, err == nil && id != ""
		},
		"/api/services/{service}/operations": func(r *http.Request) (farPath, bool) {
			name := r.PathValue("service")
			return farPath{
				"/api/services/" + name + "/operations",
				"/api/services/" + url.PathEscape(name) + "/operations",
			}, !climbs(name)
		},
	}
	for _, fixed := range []string{"/api/services", "/api/operations", "/api/traces", "/api/dependencies"} {
		paths[fixed] = func(*http.Request) (farPath, bool) { return farPath{fixed, fixed}, true }
	}
	return paths
}

// climbs reports whether a segment would lead to another path once a server on the
// way decodes it, however often, and resolves its dots.
func climbs(segment string) bool {
	for {
		for part := range strings.FieldsFuncSeq(segment, isSlash) {
			if part == "." || part == ".." {
				return true
			}
		}
		decoded, err := url.PathUnescape(segment)
		if err != nil || decoded == segment {
			return segment == ""
		}
		segment = decoded
	}
}

// isSlash also takes the one that some servers take for a slash.
func isSlash(r rune) bool { return r == '/' || r == '\\' }
