package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

// farPaths are the paths that a proxy passes on. Each has what makes the URL that is asked
// for, written anew from what was understood of a request; nil for one that is not passed
// on after all.
func farPaths() map[string]func(r *http.Request) *url.URL {
	paths := map[string]func(*http.Request) *url.URL{
		"/api/traces/{id}": func(r *http.Request) *url.URL {
			id := r.PathValue("id")
			if _, err := trace.ParseTraceID(id); err != nil || id == "" { // hexadecimal digits only
				return nil
			}
			return &url.URL{Path: "/api/traces/" + id}
		},
		"/api/services/{service}/operations": func(r *http.Request) *url.URL {
			name := r.PathValue("service")
			if climbs(name) {
				return nil
			}
			return &url.URL{
				Path:    "/api/services/" + name + "/operations",
				RawPath: "/api/services/" + url.PathEscape(name) + "/operations",
			}
		},
	}
	for _, fixed := range []string{"/api/services", "/api/operations", "/api/traces", "/api/dependencies"} {
		paths[fixed] = func(*http.Request) *url.URL { return &url.URL{Path: fixed} }
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
