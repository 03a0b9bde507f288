package lab

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Loss takes datagrams off the way to a UDP port at random, as a bad cable does:
// whoever sends them is told nothing. netem would do the same below the firewall,
// but fewer kernels have it, and on one interface it takes TCP along.
type Loss struct {
	machine *Machine
	rule    []string
}

// Lose begins to lose that share, from 0 to 1, of the datagrams to port.
func (m *Machine) Lose(t *testing.T, port int, share float64) *Loss {
	t.Helper()
	l := &Loss{m, []string{"INPUT", "-p", "udp", "--dport", strconv.Itoa(port)}}
	m.Firewall(t, append(append([]string{"-A"}, l.rule...),
		"-m", "statistic", "--mode", "random", "--probability", fmt.Sprint(share), "-j", "DROP"))
	return l
}

// End lets all further datagrams pass.
func (l *Loss) End(t *testing.T) {
	t.Helper()
	l.machine.Firewall(t, append(append([]string{"-I"}, l.rule...), "-j", "ACCEPT"))
}

// Dropped returns how many datagrams the kernel has dropped.
func (l *Loss) Dropped(t *testing.T) int64 {
	t.Helper()
	list := l.machine.Do(t, "iptables", "-L", "INPUT", "-v", "-n", "-x")
	for line := range strings.Lines(list) {
		// pkts bytes target ...
		f := strings.Fields(line)
		if len(f) < 3 || f[2] != "DROP" {
			continue
		}
		n, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			t.Fatalf("count of dropped datagrams in %q: %v", line, err)
		}
		return n
	}
	t.Fatalf("no rule that drops in:\n%s", list)
	return 0
}
