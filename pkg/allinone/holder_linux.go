package allinone

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The columns of /proc/net/tcp and its like that matter (proc_net(5)).
const (
	localColumn = 1
	stateColumn = 3
	inodeColumn = 9
)

// stateListen is how the kernel writes TCP_LISTEN.
const stateListen = "0A"

// holder returns who listens on the port of addr, as "program (pid 12)", and ""
// when that cannot be told: only root sees the sockets of others.
func holder(network, addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return ""
	}
	var sockets []string
	for _, family := range []string{"", "6"} {
		sockets = append(sockets, socketsOn("/proc/net/"+network+family, number, network == "tcp")...)
	}
	if len(sockets) == 0 {
		return ""
	}
	return programWith(sockets)
}

// socketsOn returns the sockets on a port as links in /proc name them.
func socketsOn(table string, port uint64, listening bool) []string {
	content, err := os.ReadFile(table)
	if err != nil {
		return nil
	}
	suffix := fmt.Sprintf(":%04X", port)
	var sockets []string
	for line := range bytes.Lines(content) {
		columns := bytes.Fields(line)
		if len(columns) <= inodeColumn || !bytes.HasSuffix(columns[localColumn], []byte(suffix)) ||
			listening && string(columns[stateColumn]) != stateListen {
			continue
		}
		sockets = append(sockets, fmt.Sprintf("socket:[%s]", columns[inodeColumn]))
	}
	return sockets
}

// programWith looks for one of the sockets among the files of every process that
// lets us.
func programWith(sockets []string) string {
	files, err := filepath.Glob("/proc/[0-9]*/fd/[0-9]*")
	if err != nil {
		return ""
	}
	for _, file := range files {
		target, err := os.Readlink(file)
		if err != nil || !slices.Contains(sockets, target) {
			continue
		}
		process := filepath.Dir(filepath.Dir(file))
		name, _ := os.ReadFile(filepath.Join(process, "comm"))
		program := cmp.Or(strings.ToValidUTF8(strings.TrimSpace(string(name)), "?"), "a program")
		return fmt.Sprintf("%s (pid %s)", program, filepath.Base(process))
	}
	return ""
}
