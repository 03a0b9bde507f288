package integration

import (
	"fmt"
	"testing"
)

// TestServerKilled kills the server in the middle of a run, with spans that it
// had not sent.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	s := here(t)
	// It sends a datagram when one is full, and else keeps what it has for long.
	server := s.serve(t, "OTDEMO_REPORTER_FLUSH_INTERVAL=1m", "OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=4000")
	run := s.load(t, nil, "-z", "3s", "-q", "100", "-c", "4")
	await(t, s.arrived, tally{Client: 1, Server: 50})
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}

	got := run.wait(t)
	l, arrived := got.Ledger, s.arrived(t)
	if got.Report.Failed == 0 || l.Spans.MadeServer == 0 {
		t.Fatalf("%d calls failed and %d spans were made by the server, want some of each", got.Report.Failed, l.Spans.MadeServer)
	}
	l.checkStored(t, arrived)
	l.checkHops(t, map[string]int64{"server gone": l.Spans.MadeServer - arrived.Server})
	if l.Server == nil || !l.Server.Restarted {
		t.Errorf("server: got %+v, want one that ended", l.Server)
	}
}

// TestQueueOverflows has a run drop spans at a queue that is too small, instead of
// slowing down.
func TestQueueOverflows(t *testing.T) {
	t.Parallel()
	const calls = 2000
	s := here(t)
	s.serve(t)
	run := s.load(t, []string{"OTDEMO_REPORTER_QUEUE_SIZE=1"}, "-n", fmt.Sprint(calls), "-c", "16", "--drop")

	got := run.wait(t)
	l, arrived := got.Ledger, s.arrived(t)
	l.checkMade(t, calls)
	l.checkStored(t, arrived)
	l.checkHops(t, map[string]int64{"client queue": clientSpans*calls - arrived.Client})
	queue := l.lost("client queue")
	if queue.Lost != l.Client.Dropped || !queue.Certain {
		t.Errorf("client queue: got %+v, want the %d that its books have, for certain", queue, l.Client.Dropped)
	}
}
