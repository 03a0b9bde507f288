// Package procnet reads the Linux kernel's tables of sockets in /proc/net. On other
// systems they are empty. Start at Sockets.
package procnet

import (
	"bytes"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Socket is a socket of this machine.
type Socket struct {
	// Port is the local port.
	Port uint16
	// Listening is whether it is a TCP socket that accepts connections.
	Listening bool
	Inode     uint64
	// Drops are the datagrams that found the buffer of a UDP socket full.
	Drops int64
}

// Sockets yields the sockets of a network, udp or tcp, over both versions of IP.
func Sockets(network string) iter.Seq[Socket] {
	return func(yield func(Socket) bool) {
		for _, family := range []string{"", "6"} {
			table, _ := os.ReadFile("/proc/net/" + network + family) // without it there are none
			for _, s := range parse(table, network == "udp") {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// The columns of /proc/net/udp and its like (proc_net(5), and udp4_format_sock in the
// kernel's net/ipv4/udp.c for the drops).
const (
	localColumn = 1
	stateColumn = 3
	inodeColumn = 9
	dropsColumn = 12 // of UDP

	stateListen = "0A" // TCP_LISTEN
)

// parse returns the sockets of a table. Addresses end in the port in hexadecimal.
func parse(table []byte, udp bool) (sockets []Socket) {
	for line := range bytes.Lines(table) {
		columns := bytes.Fields(line)
		if len(columns) <= inodeColumn || udp && len(columns) <= dropsColumn {
			continue
		}
		_, local, _ := bytes.Cut(columns[localColumn], []byte(":"))
		port, portErr := strconv.ParseUint(string(local), 16, 16)
		inode, err := strconv.ParseUint(string(columns[inodeColumn]), 10, 64)
		s := Socket{Port: uint16(port), Inode: inode, Listening: !udp && string(columns[stateColumn]) == stateListen}
		if udp && err == nil {
			s.Drops, err = strconv.ParseInt(string(columns[dropsColumn]), 10, 64)
		}
		if portErr == nil && err == nil { // not so in the line of headings
			sockets = append(sockets, s)
		}
	}
	return sockets
}

// ReceiveBufferErrors returns how many datagrams the kernel dropped because the buffer
// of a socket was full, over all sockets since the machine started, 0 if unknown.
func ReceiveBufferErrors() int64 {
	table, _ := os.ReadFile("/proc/net/snmp") // without it nothing is known
	return parseBufferErrors(table)
}

// parseBufferErrors finds RcvbufErrors in the text of /proc/net/snmp, where a line of
// names precedes each line of values.
func parseBufferErrors(snmp []byte) int64 {
	var names []string
	for line := range strings.Lines(string(snmp)) {
		columns := strings.Fields(line)
		if len(columns) == 0 || columns[0] != "Udp:" {
			continue
		}
		if i := slices.Index(names, "RcvbufErrors"); i >= 0 && i < len(columns) {
			n, _ := strconv.ParseInt(columns[i], 10, 64)
			return n
		}
		names = columns
	}
	return 0
}
