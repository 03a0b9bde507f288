package transport

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestAgentHost(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host       string
		addrs      []string
		status     probe.Status
		code       probe.Code
		fact, hint string
	}{
		"both families: IPv4": {"localhost", []string{"::1", "127.0.0.1"}, probe.StatusOK, codeHostResolves, "host localhost resolves to 127.0.0.1", ""},
		"IPv6 only":           {"jaeger", []string{"fd00::2"}, probe.StatusOK, codeHostResolves, "host jaeger resolves to fd00::2", ""},
		"mapped":              {"jaeger", []string{"::ffff:10.0.0.1"}, probe.StatusOK, codeHostResolves, "host jaeger resolves to 10.0.0.1", ""},
		"public, short name": {
			"jaeger",
			[]string{"93.184.216.34"},
			probe.StatusWarn, codeHostPublic,
			"host jaeger has no dot in its name and resolves to the public address 93.184.216.34", "getent ahosts jaeger",
		},
		"public, full name":  {"jaeger.example.com", []string{"93.184.216.34"}, probe.StatusOK, codeHostResolves, "host jaeger.example.com resolves to 93.184.216.34", ""},
		"overlay network":    {"jaeger", []string{"100.101.1.2"}, probe.StatusOK, codeHostResolves, "host jaeger resolves to 100.101.1.2", ""},
		"unknown short name": {"jaeger", nil, probe.StatusFail, probe.CodeHostUnresolved, "agent host jaeger does not resolve: no such host", "--agent-host localhost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, "reporter.agent.host", tt.host))
			target.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
				if tt.addrs == nil {
					return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
				}
				var addrs []netip.Addr
				for _, a := range tt.addrs {
					addrs = append(addrs, netip.MustParseAddr(a))
				}
				return addrs, nil
			}
			f, _ := probetest.Examine(t, HostProbe(), target, nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestAgentHostUsesTheRealResolver(t *testing.T) {
	t.Parallel()
	f, env := probetest.Examine(t, HostProbe(), probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1")), nil)
	probetest.Expect(t, f, probe.StatusOK, codeHostResolves, "host 127.0.0.1 resolves to 127.0.0.1", "")
	if got, ok := env.Published.(netip.Addr); !ok || got != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("learned %v, want 127.0.0.1", env.Published)
	}
	f, _ = probetest.Examine(t, HostProbe(), probetest.Outside(probetest.Load(t, "reporter.agent.host", "no-such-host.invalid")), nil)
	if f.Status != probe.StatusFail || f.Code != probe.CodeHostUnresolved {
		t.Errorf("got %s %s for a name under .invalid", f.Status, f.Code)
	}
}

func TestAgentHostNotUsed(t *testing.T) {
	t.Parallel()
	f, _ := probetest.Examine(t, HostProbe(), probetest.Outside(probetest.Load(t, "reporter.collector.endpoint", "http://h:14268/api/traces")), nil)
	probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, "spans go to the collector; the agent is not used", "")
}
