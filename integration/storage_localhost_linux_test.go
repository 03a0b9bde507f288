//go:build storage && linux

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/integration/stores"
)

// Both ends of the cable between this machine and Jaeger's. Link-local addresses
// are in no other network.
const (
	storeAddr   = "169.254.77.1"
	wiredJaeger = "169.254.77.2"
)

// TestStorageLocalhost has Jaeger on a machine of its own, as in a container, and
// Elasticsearch at localhost of another.
func TestStorageLocalhost(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("not root on CI")
		}
		t.Skip("not root: a cable to a machine of the lab needs it")
	}
	es := stores.Elasticsearch(t, stores.SearchOptions{Host: "0.0.0.0"})[0]
	m := lab.NewMachine(t)
	wireHere(t, m)
	m.Etc(t, "/etc/hosts", "127.0.0.1 localhost\n"+storeAddr+" elasticsearch\n")
	port := portOf(t, es.Addr)
	local, service := "http://localhost:"+port, "http://elasticsearch:"+port

	j := deployedJaeger(t, "elasticsearch.yaml", esEnv(local))
	mended := j.with(esEnv(service))
	j.command = m.Command(j.command)
	at := place{in: m.Command}
	storageFault{
		faultCase: faultCase{
			flags: esFlags(local), exit: 1, hop: "storage", code: "es-refused", hint: "curl -sS " + local,
			maybe: []string{"it runs in another container: use its service name instead of localhost"},
		},
		says: `health check timeout: Head "` + local + `": dial tcp 127.0.0.1:` + port + `: connect: connection refused: no Elasticsearch node available`,
	}.check(t, j, at)

	p := process.Start(t, m.Command(mended.command))
	m.AwaitListeners(t, p.Done(), "tcp/"+portOf(t, mended.query), "udp/"+portOf(t, mended.agent))
	wellStoredAt(t, at, mended, esFlags(service), wellInES()...)
}

// wireHere lays a cable from this machine to a machine of the lab.
func wireHere(t *testing.T, m *lab.Machine) {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	// Whatever runs there names its network, once nsenter has become it.
	there := process.Start(t, m.Command(process.Command{Path: sleep, Args: []string{"infinity"}}))
	awaitTrue(t, "a program on the machine", startTimeout, func() bool {
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", there.ID()))
		return err == nil && strings.TrimSpace(string(name)) == "sleep"
	})
	name := fmt.Sprintf("v%d", there.ID())
	ip(t, "link", "add", name, "type", "veth", "peer", "name", name, "netns", strconv.Itoa(there.ID()))
	ip(t, "address", "add", storeAddr+"/30", "dev", name)
	ip(t, "link", "set", name, "up")
	m.Do(t, "ip", "address", "add", wiredJaeger+"/30", "dev", name)
	m.Do(t, "ip", "link", "set", name, "up")
}

// ip changes the network of this machine. What it makes goes with the lab's machine.
func ip(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("ip")
	if err != nil {
		t.Fatal(err)
	}
	if got := process.Run(t, runTimeout, process.Command{Path: path, Args: args}); got.Code != 0 {
		t.Fatalf("ip %q: exit code %d\n%s%s", args, got.Code, got.Stdout, got.Stderr)
	}
}
