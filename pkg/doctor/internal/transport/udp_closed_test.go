package transport

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity/identitytest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestClosedPortAndTheVersion(t *testing.T) {
	t.Parallel()
	const endpoint = "JAEGER_ENDPOINT=http://127.0.0.1:14268/api/traces (the same as --collector-endpoint)"
	const unpublished = "Jaeger's container does not publish 6831/udp"
	const noUDP = "this Jaeger has no UDP port: all-in-one 1.63 to 1.76 and Jaeger 2.1 have none"
	const onLocalhost = "Jaeger 2 listens on 127.0.0.1 only, unless JAEGER_LISTEN_HOST=0.0.0.0 is set for it"
	tests := map[string]struct {
		port    int
		version string
		host    string
		code    probe.Code
		hop     probe.Hop
		fact    string
		hint    string
		causes  []string
	}{
		"1.76 has none": {
			6831, "v1.76.0", "localhost", CodeUDPNotServed, probe.HopIdentity,
			"nothing listens on udp 127.0.0.1:6831: Jaeger v1.76.0 does not receive spans over UDP", endpoint, nil,
		},
		"1.63 has none": {
			6832, "v1.63.0", "127.0.0.1", CodeUDPNotServed, probe.HopIdentity,
			"nothing listens on udp 127.0.0.1:6832: Jaeger v1.63.0 does not receive spans over UDP", endpoint, nil,
		},
		"2.1 has none, 5775 or not": {
			5775, "v2.1.0", "127.0.0.1", CodeUDPNotServed, probe.HopIdentity,
			"nothing listens on udp 127.0.0.1:5775: Jaeger v2.1.0 has no port 5775/udp", "--agent-port 6831", nil,
		},
		"2.13 has another port": {
			5775, "v2.13.0", "127.0.0.1", CodeUDPNotServed, probe.HopIdentity,
			"nothing listens on udp 127.0.0.1:5775: Jaeger v2.13.0 has no port 5775/udp", "--agent-port 6831", nil,
		},
		"1.62 must be published": {
			6831, "v1.62.0", "127.0.0.1", probe.CodeUDPRefused, probe.HopNone,
			"nothing listens on udp 127.0.0.1:6831", "docker run -p 6831:6831/udp ... (/udp is needed)",
			[]string{unpublished},
		},
		"2.13 must be published, or listen": {
			6831, "v2.13.0", "127.0.0.1", probe.CodeUDPRefused, probe.HopNone,
			"nothing listens on udp 127.0.0.1:6831", "docker run -p 6831:6831/udp ... (/udp is needed)",
			[]string{unpublished, onLocalhost},
		},
		"another host's version proves nothing": {
			6831, "v1.76.0", "jaeger.example.com", probe.CodeUDPRefused, probe.HopNone,
			"nothing listens on udp 127.0.0.1:6831", "docker run -p 6831:6831/udp ... (/udp is needed)",
			[]string{unpublished, noUDP, onLocalhost},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, earlier := agentAt(t, fmt.Sprintf("127.0.0.1:%d", tt.port))
			closed := probetest.ClosedAddr(t)
			target.Dial = probetest.UsualPorts(map[string]string{fmt.Sprintf("udp %d", tt.port): closed})
			earlier[probe.IDIdentity] = identitytest.JaegerOn(tt.host, tt.version)
			f, _ := probetest.Examine(t, UDPProbe(), target, withQuery(earlier, probe.StatusOK))
			probetest.Expect(t, f, probe.StatusFail, tt.code, tt.fact, tt.hint)
			if f.Hop != tt.hop {
				t.Errorf("got hop %q, want %q", f.Hop, tt.hop)
			}
			var causes []string
			for _, c := range f.Causes {
				causes = append(causes, c.Text)
			}
			if got, want := strings.Join(causes, "\n"), strings.Join(tt.causes, "\n"); got != want {
				t.Errorf("causes:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
