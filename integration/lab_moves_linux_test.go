package integration

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

// TestNameMoves has Jaeger's name lead to another address while a server runs.
// Its spans must follow. jaeger-client-go before 2.25 sends to the old address
// for ever.
func TestNameMoves(t *testing.T) {
	t.Parallel()
	const newAddr = "10.78.0.2"
	app, old := twoMachines(t)
	next := app.Beside(t)
	lab.Wire(t, app, "10.78.0.1/24", next, newAddr+"/24")
	v1(t, old, settings{})
	v1(t, next, settings{})
	const localhost = "127.0.0.1 localhost\n"
	hosts := app.Etc(t, "/etc/hosts", localhost+jaegerAddr+" jaeger\n")

	programOn(t, app, process.Command{
		Path: otdemoPath, Args: []string{"serve", "--agent-host", "jaeger"},
		Env: []string{"OTDEMO_REPORTER_AGENT_RECONNECT_INTERVAL=100ms"},
	}, "tcp/8000")
	if got := callAndShow(t, app, jaegerAddr); !strings.Contains(got, "otdemo-server") {
		t.Fatalf("the trace lacks the server's spans:\n%s", got)
	}

	if err := os.WriteFile(hosts, []byte(localhost+newAddr+" jaeger\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		got := callAndShow(t, app, newAddr)
		if strings.Contains(got, "otdemo-server") {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the server's spans do not follow the name:\n%s", got)
		}
	}
}

// callAndShow calls the server on the machine, and returns the trace as it is in
// the Jaeger at addr.
func callAndShow(t *testing.T, m *lab.Machine, addr string) string {
	t.Helper()
	c := command(t, "call", "--agent-host", addr, "--query-url", "http://"+addr+":16686", "--show")
	return process.Run(t, runTimeout, m.Command(c)).Stdout
}
