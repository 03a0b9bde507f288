package ledger

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
)

// kernel counts the datagrams that this machine's kernel dropped because a
// receiver was too slow.
type kernel struct {
	// known says that the agent's port is on this machine and could be looked at.
	known bool
	// port is what the sockets on the agent's port dropped, machine what all did.
	port, machine int64
}

// readKernel looks at the sockets on the agent's port, if that is on this machine
// and it is a Linux.
func readKernel(ctx context.Context, agent string) kernel {
	host, port, err := net.SplitHostPort(agent)
	if err != nil || !isHere(ctx, host) {
		return kernel{}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return kernel{}
	}
	return readProc(os.DirFS("/proc/net"), uint16(number))
}

// readProc reads what the kernel shows in /proc/net.
func readProc(proc fs.FS, port uint16) kernel {
	var k kernel
	for _, table := range []string{"udp", "udp6"} {
		data, err := fs.ReadFile(proc, table)
		if err != nil {
			continue
		}
		drops, sockets := portDrops(data, port)
		k.port += drops
		k.known = k.known || sockets > 0
	}
	if data, err := fs.ReadFile(proc, "snmp"); err == nil {
		k.machine = bufferErrors(data)
	}
	return k
}

// isHere reports whether host is an address of this machine.
func isHere(ctx context.Context, host string) bool {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, addr := range addrs {
		addr = addr.Unmap()
		if addr.IsLoopback() {
			return true
		}
		for _, o := range own {
			if prefix, err := netip.ParsePrefix(o.String()); err == nil && prefix.Addr().Unmap() == addr {
				return true
			}
		}
	}
	return false
}

// The columns of /proc/net/udp that matter (proc_net(5), and udp4_format_sock in
// the kernel's net/ipv4/udp.c for the drops).
const (
	localColumn = 1
	dropsColumn = 12
)

// portDrops adds up the drops of the sockets on a port in the text of
// /proc/net/udp, whose addresses end in the port in hexadecimal.
func portDrops(table []byte, port uint16) (drops int64, sockets int) {
	for line := range bytes.Lines(table) {
		columns := bytes.Fields(line)
		if len(columns) <= dropsColumn {
			continue
		}
		_, local, _ := bytes.Cut(columns[localColumn], []byte(":"))
		n, err := strconv.ParseUint(string(local), 16, 16)
		if err != nil || uint16(n) != port {
			continue
		}
		dropped, err := strconv.ParseInt(string(columns[dropsColumn]), 10, 64)
		if err != nil {
			continue
		}
		drops += dropped
		sockets++
	}
	return drops, sockets
}

// bufferErrors finds RcvbufErrors in the text of /proc/net/snmp, where a line of
// names stands before each line of values.
func bufferErrors(snmp []byte) int64 {
	var names [][]byte
	for line := range bytes.Lines(snmp) {
		columns := bytes.Fields(line)
		if len(columns) == 0 || string(columns[0]) != "Udp:" {
			continue
		}
		if names == nil {
			names = columns
			continue
		}
		for i, name := range names {
			if string(name) == "RcvbufErrors" && i < len(columns) {
				n, _ := strconv.ParseInt(string(columns[i]), 10, 64)
				return n
			}
		}
	}
	return 0
}
