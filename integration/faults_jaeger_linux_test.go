package integration

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

// fullSpeedCalls are made as fast as it goes.
const fullSpeedCalls = 1500

// TestFullSpeedIntoJaeger runs as fast as it can into real Jaegers. Over HTTP they
// lose nothing; what they lose over UDP is counted right.
func TestFullSpeedIntoJaeger(t *testing.T) {
	for _, r := range jaegers.Releases() {
		for _, way := range []string{"udp", "http"} {
			t.Run(r.Name+" "+way, func(t *testing.T) {
				j := jaegers.Start(t, r)
				s := &site{query: j.QueryURL, send: ways(t, j)[way]}
				s.serve(t)
				run := s.load(t, nil, "-n", fmt.Sprint(fullSpeedCalls), "-c", "8")

				got := run.wait(t)
				has := s.stored(t)
				got.Ledger.checkMade(t, fullSpeedCalls)
				got.Ledger.checkStored(t, has)
				lost := map[string]int64{}
				if n := fullSpeedCalls*(clientSpans+serverSpans) - has.sum(); n > 0 && way == "udp" {
					lost["network or backend"] = n
				}
				got.Ledger.checkHops(t, lost)
			})
		}
	}
}

// TestJaegerStalls stops real Jaegers for 4 s in the middle of a run, with little
// room for what comes meanwhile. Who sends sees the room, waits for 2 s, and then
// gives datagrams up and counts them, before the kernel would drop them unseen.
func TestJaegerStalls(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		start func(*testing.T, *lab.Machine, settings) *process.Process
		flag  string
	}{
		{"1.62", v1, "--processor.jaeger-compact.server-socket-buffer-size=4096"},
		{"2.13", v2, "--set=receivers.jaeger.protocols.thrift_compact.socket_buffer_size=4096"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := lab.NewMachine(t)
			jaeger := test.start(t, m, settings{args: []string{test.flag}})
			env := []string{"OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=1400"}
			s := siteOn(t, m, env)
			run := s.load(t, env, "-z", "7s", "-q", "100", "-c", "4")
			await(t, s.stored, tally{Client: 1, Server: 1})
			signal(t, jaeger, syscall.SIGSTOP)
			<-time.After(4 * time.Second)
			signal(t, jaeger, syscall.SIGCONT)

			got := run.wait(t)
			l, calls, has := got.Ledger, got.Report.Requests, s.stored(t)
			l.checkMade(t, calls)
			l.checkStored(t, has)
			l.checkHops(t, map[string]int64{
				"client send": clientSpans*calls - has.Client,
				"server send": serverSpans*calls - has.Server,
			})
			if drops := m.Drops(t, agentPort); drops != 0 {
				t.Errorf("the kernel dropped %d datagrams, want none", drops)
			}
		})
	}
}

// TestJaegerOverflows has a Jaeger whose collector holds one span, and drops what
// comes meanwhile: behind an agent unseen, and over HTTP behind a 202. Its own
// counter is the ledger's evidence.
func TestJaegerOverflows(t *testing.T) {
	t.Parallel()
	const unknown = "network or backend"
	for _, test := range []struct {
		name, hop string // where the client's spans were lost
		send      []string
	}{
		{"udp", unknown, nil},
		{"http", "backend", []string{"--collector-endpoint", machineCollector}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := lab.NewMachine(t)
			v1(t, m, settings{args: []string{"--collector.queue-size=1", "--collector.num-workers=1"}})
			s := siteOn(t, m, nil, test.send...)
			run := s.load(t, nil, "-n", fmt.Sprint(fullSpeedCalls), "-c", "8")

			got := run.wait(t)
			l, has := got.Ledger, s.stored(t)
			lost := tally{Client: fullSpeedCalls*clientSpans - has.Client, Server: fullSpeedCalls*serverSpans - has.Server}
			if lost.Client == 0 || lost.Server == 0 {
				t.Fatalf("lost: got %+v, want some of both, or there is nothing to count", lost)
			}
			l.checkMade(t, fullSpeedCalls)
			l.checkStored(t, has)
			// How the server sends is not known to who calls it.
			hops := map[string]int64{unknown: lost.Server}
			hops[test.hop] += lost.Client
			l.checkHops(t, hops)
			if place := l.lost(test.hop); !place.names(lost.sum()) {
				t.Errorf("evidence: got %q, want Jaeger's count of %d spans in it", place.Evidence, lost.sum())
			}
		})
	}
}

func signal(t *testing.T, p *process.Process, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(p.ID(), s); err != nil {
		t.Fatal(err)
	}
}
