package api

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/internal/hosts"
)

// guardHost refuses requests for a name that is not this machine's own, when
// bound is a loopback address. A page on the web can have its own name resolved
// to 127.0.0.1 (DNS rebinding) and would read every trace; the name in the Host
// header gives it away. Addresses are let through, since no resolver is asked for
// those.
func guardHost(bound string, next http.Handler) http.Handler {
	if !hosts.IsLoopback(bound) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.TrimSuffix((&url.URL{Host: r.Host}).Hostname(), ".")
		_, err := netip.ParseAddr(host)
		if err != nil && !strings.EqualFold(host, "localhost") && !strings.EqualFold(host, bound) {
			http.Error(w, "this server listens on loopback and answers to localhost or an address only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
