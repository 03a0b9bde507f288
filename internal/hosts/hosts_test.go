package hosts_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/otdemo/otdemo/internal/hosts"
)

func TestIsLocal(t *testing.T) {
	t.Parallel()
	want := map[string]bool{
		"127.0.0.1":             true,
		"127.9.9.9":             true,
		"::1":                   true,
		"::ffff:127.0.0.1":      true,
		"192.0.2.1":             false, // for documentation (RFC 5737)
		"2001:db8::1":           false,
		"no-such-host.invalid.": false,
		"":                      false,
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range own {
		want[netip.MustParsePrefix(a.String()).Addr().String()] = true
	}
	for host, want := range want {
		if got := hosts.IsLocal(t.Context(), host); got != want {
			t.Errorf("IsLocal(%q): got %t, want %t", host, got, want)
		}
	}
	if hosts.IsLocalAddr(netip.Addr{}) {
		t.Error("no address is local")
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost":             true,
		"LocalHost":             true,
		"127.9.9.9":             true,
		"::1":                   true,
		"::ffff:127.0.0.1":      true,
		"192.0.2.1":             false,
		"localhost.example.com": false,
		"":                      false,
	} {
		if got := hosts.IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q): got %t, want %t", host, got, want)
		}
	}
}
