package api

import (
	"net"
	"net/http"
	"net/netip"
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
		host := hostName(r.Host)
		_, err := netip.ParseAddr(host)
		if err != nil && !strings.EqualFold(host, "localhost") && !strings.EqualFold(host, bound) {
			http.Error(w, "this server listens on loopback and answers to localhost or an address only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostName returns a Host header's name or address without port and brackets.
func hostName(header string) string {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(header, "["), "]")
	}
	return strings.TrimSuffix(host, ".")
}
