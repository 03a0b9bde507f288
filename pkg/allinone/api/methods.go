package api

import "net/http"

// readMethods are those of the paths that are read.
const readMethods = "GET, HEAD"

// methods lets a path that paths knows be posted to, and all others be read. What
// else is asked gets 405 without a body, as from Jaeger: a client that posts spans
// here has mistaken the port.
func methods(read, post http.Handler, paths *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, posted := paths.Handler(r)
		next, allowed := read, readMethods
		if posted != "" {
			next, allowed = post, http.MethodPost
		}
		isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
		if posted != "" && r.Method == http.MethodPost || posted == "" && isRead {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusMethodNotAllowed)
	})
}
