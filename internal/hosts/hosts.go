// Package hosts decides whether a host is this machine. Start at IsLocal.
package hosts

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// IsLocal reports whether host, a name or an address, is this machine: whether one of
// its addresses is a loopback address or one of this machine's interfaces. A name that
// cannot be resolved is not.
func IsLocal(ctx context.Context, host string) bool {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return err == nil && slices.ContainsFunc(addrs, IsLocalAddr)
}

// IsLoopback reports whether host is localhost or a loopback address. It resolves no
// other name.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// IsLocalAddr is IsLocal for an address. An IPv4 address may be mapped to IPv6.
func IsLocalAddr(addr netip.Addr) bool {
	addr = addr.Unmap()
	if addr.IsLoopback() {
		return true
	}
	own, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(own, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Unmap() == addr
	})
}
