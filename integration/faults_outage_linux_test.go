package integration

import (
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

const (
	// agentPort is where a backend on a machine takes datagrams.
	agentPort = 6831
	// outageLength is the time for which a backend is away.
	outageLength = 5 * time.Second
)

// passOutage returns when the backend has been away long enough.
func passOutage() { <-time.After(outageLength) }

// outageLoad are the flags of a run that lasts longer than the outage in it.
func outageLoad() []string { return []string{"-z", "9s", "-q", "100", "-c", "4"} }

// backendOn starts an all-in-one on a machine, at its usual ports.
func backendOn(t *testing.T, m *lab.Machine) *process.Process {
	t.Helper()
	return programOn(t, m, process.Command{Path: otdemoPath, Args: []string{"all-in-one"}}, "udp/6831", "tcp/14268", "tcp/16686")
}

// siteOn starts a server on a machine that has a backend at its usual ports. send
// are the flags for how spans get there.
func siteOn(t *testing.T, m *lab.Machine, env []string, send ...string) *site {
	t.Helper()
	programOn(t, m, process.Command{Path: otdemoPath, Args: append([]string{"serve"}, send...), Env: env}, "tcp/8000")
	return &site{
		query: "http://127.0.0.1:16686", server: "http://127.0.0.1:8000/", send: send,
		in: m.Command, get: m.Get,
	}
}

// machineCollector is where a backend on a machine takes spans over HTTP.
const machineCollector = "http://127.0.0.1:14268/api/traces"

// TestOutage has the backend's port refuse everything for 5 s in the middle of a
// run. What it refuses is known to who sends it, kept, and sent again: nothing is
// lost, over UDP neither, unless the queue is too small and nobody waits for it.
func TestOutage(t *testing.T) {
	t.Parallel()
	refuseUDP := rule{"INPUT", "-p", "udp", "--dport", "6831", "-j", "REJECT"}
	refuseHTTP := rule{"INPUT", "-p", "tcp", "--dport", "14268", "-j", "REJECT", "--reject-with", "tcp-reset"}
	overHTTP := []string{"--collector-endpoint", machineCollector}
	for _, test := range []struct {
		name   string
		send   []string
		refuse rule
		// env is for both programs, flags are for the run.
		env, flags []string
		overflows  bool
	}{
		{name: "udp", refuse: refuseUDP},
		{name: "http", send: overHTTP, refuse: refuseHTTP},
		{
			name: "http, small queues", send: overHTTP, refuse: refuseHTTP,
			env: []string{"OTDEMO_REPORTER_QUEUE_SIZE=100"}, flags: []string{"--drop"}, overflows: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := lab.NewMachine(t)
			backendOn(t, m)
			s := siteOn(t, m, test.env, test.send...)
			run := s.load(t, test.env, append(outageLoad(), test.flags...)...)
			await(t, s.arrived, tally{Client: 100 * clientSpans, Server: 1})
			m.Firewall(t, append(rule{"-I"}, test.refuse...))
			before := s.arrived(t)
			passOutage()
			during := s.arrived(t)
			m.Firewall(t, append(rule{"-D"}, test.refuse...))
			if during != before {
				t.Errorf("%+v spans had arrived before and %+v at the end of the outage, want none in it", before, during)
			}

			got := run.wait(t)
			l, calls, arrived := got.Ledger, got.Report.Requests, s.arrived(t)
			l.checkMade(t, calls)
			l.checkStored(t, arrived)
			lost := map[string]int64{}
			if test.overflows {
				lost["client queue"] = clientSpans*calls - arrived.Client
				lost["server queue"] = serverSpans*calls - arrived.Server
			}
			l.checkHops(t, lost)
			if refused := l.Client.Refusals > 0; refused != (test.name == "udp") {
				t.Errorf("got %d datagrams refused, want some over UDP and none over HTTP", l.Client.Refusals)
			}
		})
	}
}

// TestBackendRestarts kills the backend in the middle of a run, and starts it
// again 5 s later with nothing in its memory. What it had is lost with it; what
// was made meanwhile was kept by who made it, and arrives.
func TestBackendRestarts(t *testing.T) {
	t.Parallel()
	for name, send := range map[string][]string{"udp": nil, "http": {"--collector-endpoint", machineCollector}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := lab.NewMachine(t)
			backend := backendOn(t, m)
			s := siteOn(t, m, nil, send...)
			run := s.load(t, nil, outageLoad()...)
			await(t, s.arrived, tally{Client: 100 * clientSpans, Server: 1})
			had := s.arrived(t)
			if err := backend.Kill(); err != nil {
				t.Fatal(err)
			}
			passOutage()
			backendOn(t, m)

			got := run.wait(t)
			l, has := got.Ledger, s.arrived(t)
			l.checkMade(t, got.Report.Requests)
			l.checkStored(t, has)
			if least := had.sum(); l.Spans.Missing < least {
				t.Errorf("%d spans are missing, want at least the %d that the backend had", l.Spans.Missing, least)
			}
			if l.Server == nil {
				t.Fatal("nothing is known of the server's spans")
			}
			// Whatever was made was taken, in the first life or in the second.
			sent := l.Client.Sent + l.Server.States["sent"]
			if sent != l.Spans.Made {
				t.Errorf("%d spans were sent, want all %d that were made", sent, l.Spans.Made)
			}
			l.checkHops(t, map[string]int64{"backend": sent - has.sum()})
		})
	}
}
