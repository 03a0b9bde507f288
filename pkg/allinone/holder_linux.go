package allinone

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/internal/procnet"
)

// holder returns who listens on a port, as "program (pid 12)", and "" if unknown: only
// root sees the sockets of others.
func holder(network string, port int) string {
	var links []string // as /proc names sockets
	for s := range procnet.Sockets(network) {
		if int(s.Port) == port && (s.Listening || network == "udp") {
			links = append(links, fmt.Sprintf("socket:[%d]", s.Inode))
		}
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/[0-9]*") // fails for a bad pattern only
	for _, file := range files {
		target, err := os.Readlink(file)
		if err != nil || !slices.Contains(links, target) {
			continue
		}
		process := filepath.Dir(filepath.Dir(file))
		name, _ := os.ReadFile(filepath.Join(process, "comm"))
		program := cmp.Or(strings.ToValidUTF8(strings.TrimSpace(string(name)), "?"), "a program")
		return fmt.Sprintf("%s (pid %s)", program, filepath.Base(process))
	}
	return ""
}
