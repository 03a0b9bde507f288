package allinone

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/udp"
)

// Who has a port is told on Linux: here it is this very process.
func TestHolderIsTold(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("known on Linux only")
	}
	b := start(t, Options{})
	for _, l := range []struct{ name, network string }{{AgentCompact, "udp"}, {Query, "tcp"}} {
		_, port, err := net.SplitHostPort(b.Addrs()[l.name])
		if err != nil {
			t.Fatal(err)
		}
		var number int
		if _, err := fmt.Sscan(port, &number); err != nil {
			t.Fatal(err)
		}
		_, err = Start(Options{Ports: map[string]int{l.name: number}})
		var taken *ListenError
		if !errors.As(err, &taken) {
			t.Fatalf("got error %v, want a *ListenError", err)
		}
		want := fmt.Sprintf("(pid %d)", os.Getpid())
		if !strings.Contains(taken.Holder, want) || !strings.HasSuffix(taken.Error(), taken.Holder) {
			t.Errorf("got error %v with holder %q, want one that ends in a program %s", taken, taken.Holder, want)
		}
	}
}

// A listener that is off is not there, and the others are.
func TestListenersCanBeOff(t *testing.T) {
	t.Parallel()
	for _, off := range Listeners() {
		b := start(t, Options{Ports: map[string]int{off.Name: Off}})
		if addr, ok := b.Addrs()[off.Name]; ok || len(b.Addrs()) != len(Listeners())-1 {
			t.Errorf("%s is off: got address %q and %d listeners", off.Name, addr, len(b.Addrs()))
		}
		if _, ok := b.Stats().Listeners[off.Name]; ok {
			t.Errorf("%s is off and has stats", off.Name)
		}
		closeBackend(t, b)
	}
}

func TestUnknownListener(t *testing.T) {
	t.Parallel()
	_, err := Start(Options{Ports: map[string]int{"agent": 1}})
	if err == nil || err.Error() != `no listener is called "agent"` {
		t.Errorf("got error %v, want one that names the listener", err)
	}
}

// A kernel that caps the receive buffers does so for all: it is told once.
func TestCappedBuffersAreToldOnce(t *testing.T) {
	t.Parallel()
	var log logBook
	b := start(t, Options{Logger: log.logger()})
	closeBackend(t, b)
	want := 0
	if stats := b.Stats(); udp.Capped(stats.Agent.SocketBuffer) {
		want = 1
	}
	if got := len(log.lines(t, "kernel caps the UDP receive buffer, bursts may lose spans; raise net.core.rmem_max")); got != want {
		t.Errorf("it was told %d times, want %d", got, want)
	}
}
