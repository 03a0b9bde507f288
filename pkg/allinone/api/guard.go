package api

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/internal/hosts"
)

// guard lets the paths of posts be posted to, unless by a page of another origin, and
// all others be read. What else is asked gets 405 without a body, as from Jaeger: a client
// that posts spans here has mistaken the port. Its headers keep the browser from doing more
// with an answer than showing it; the page and a UI say themselves what they need.
func guard(bound string, read http.Handler, posts *http.ServeMux) http.Handler {
	post := http.NewCrossOriginProtection().Handler(posts)
	private := hosts.IsLoopback(bound)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if private && !isOwn(r.Host, bound) {
			http.Error(w, "this server listens on loopback and answers to localhost or an address only", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next, allowed := read, []string{http.MethodGet, http.MethodHead}
		if _, posted := posts.Handler(r); posted != "" {
			next, allowed = post, []string{http.MethodPost}
		}
		if !slices.Contains(allowed, r.Method) {
			h.Set("Allow", strings.Join(allowed, ", "))
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwn reports whether a Host header has a name of this machine's own. A page on the
// web can have its own name resolved to 127.0.0.1 (DNS rebinding) and would read every
// trace; the name gives it away. Addresses are let through, since no resolver is asked
// for those.
func isOwn(header, bound string) bool {
	host := strings.TrimSuffix((&url.URL{Host: header}).Hostname(), ".")
	_, err := netip.ParseAddr(host)
	return err == nil || strings.EqualFold(host, "localhost") || strings.EqualFold(host, bound)
}
