package probetest

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// NobodyKnows is a resolver that finds no name.
func NobodyKnows(_ context.Context, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// ProbeNamed returns a probe of the list.
func ProbeNamed(t *testing.T, probes []probe.Probe, id string) probe.Probe {
	t.Helper()
	for _, p := range probes {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no probe %s", id)
	return probe.Probe{}
}
