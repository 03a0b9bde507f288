package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
)

// IsOwn reports whether addr is one of this machine's. A socket that is
// connected to such an address has the same one at both ends; nothing is sent.
func IsOwn(ctx context.Context, t *Target, addr netip.Addr) bool {
	if !addr.IsValid() || addr.IsLoopback() {
		return addr.IsValid()
	}
	const discard = "9"
	conn, err := t.Dial(ctx, "udp", net.JoinHostPort(addr.String(), discard))
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	return HostOf(conn.LocalAddr().String()) == addr.String()
}

// Preferred is the address that package net would connect to: IPv4 first, as
// net.ResolveUDPAddr does and so jaeger-client-go.
func Preferred(addrs []netip.Addr) netip.Addr {
	if i := slices.IndexFunc(addrs, netip.Addr.Is4); i >= 0 {
		return addrs[i]
	}
	return addrs[0]
}

// HostOf returns the host of host:port.
func HostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}
