package integration

import (
	"testing"

	"github.com/otdemo/otdemo/integration/lab"
)

// TestNetworkLoss has the kernel drop one in twenty datagrams on their way to the
// agent, and tell nobody. The ledger finds the number out from what the backend
// got.
func TestNetworkLoss(t *testing.T) {
	t.Parallel()
	// Small datagrams are many, so that some are sure to be lost.
	env := []string{"OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=1400"}
	m := lab.NewMachine(t)
	backendOn(t, m)
	s := siteOn(t, m, env)
	run := s.load(t, env, "-z", "6s", "-q", "200", "-c", "4")
	await(t, s.arrived, tally{Client: 1, Server: 1})
	loss := m.Lose(t, agentPort, 0.05)
	await(t, func(t *testing.T) tally {
		t.Helper()
		return tally{Client: loss.Dropped(t)}
	}, tally{Client: 20})
	// A client's last datagrams must not be among the lost: the backend knows of a
	// gap by the number that follows it.
	loss.End(t)

	got := run.wait(t)
	dropped, at := loss.Dropped(t), s.losses(t)
	arrived, missing := at.arrived(), at.missing()
	if missing.sum() != dropped {
		t.Fatalf("%+v datagrams are missing at the backend, want the %d that the kernel dropped", missing, dropped)
	}
	got.Ledger.checkMade(t, got.Report.Requests)
	got.Ledger.checkStored(t, arrived)
	got.Ledger.checkHops(t, map[string]int64{"network": got.Ledger.Spans.Made - arrived.sum()})
	network := got.Ledger.lost("network")
	if !network.Certain || !network.names(missing.Client) || missing.Server > 0 && !network.names(missing.Server) {
		t.Errorf("network: got %+v, want it certain, and the datagrams that are missing in its evidence: %+v", network, missing)
	}
}
