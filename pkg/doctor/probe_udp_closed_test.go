package doctor

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/query"
)

func jaegerOn(host, text string) outcome {
	v, _ := parseVersion(text)
	return outcome{
		finding: found(StatusOK, codeIdentityVersion, "x"),
		learned: identity{major: v.major, version: v, text: text, host: host, source: "the page"},
	}
}

func TestClosedPortAndWhatTheVersionTells(t *testing.T) {
	t.Parallel()
	const endpoint = "JAEGER_ENDPOINT=http://127.0.0.1:14268/api/traces (the same as --collector-endpoint)"
	const unpublished = "Jaeger's container does not publish 6831/udp"
	const noUDP = "this Jaeger has no UDP port: all-in-one 1.63 to 1.76 and Jaeger 2.1 have none"
	const onLocalhost = "Jaeger 2 listens on 127.0.0.1 only, unless JAEGER_LISTEN_HOST=0.0.0.0 is set for it"
	tests := map[string]struct {
		port    int
		version string
		host    string
		code    Code
		hop     Hop
		fact    string
		hint    string
		causes  []string
	}{
		"1.76 has none": {
			6831, "v1.76.0", "localhost", codeUDPNotServed, HopIdentity,
			"nothing listens on udp 127.0.0.1:6831: Jaeger v1.76.0 takes no spans over UDP", endpoint, nil,
		},
		"1.63 has none": {
			6832, "v1.63.0", "127.0.0.1", codeUDPNotServed, HopIdentity,
			"nothing listens on udp 127.0.0.1:6832: Jaeger v1.63.0 takes no spans over UDP", endpoint, nil,
		},
		"2.1 has none, 5775 or not": {
			5775, "v2.1.0", "127.0.0.1", codeUDPNotServed, HopIdentity,
			"nothing listens on udp 127.0.0.1:5775: Jaeger v2.1.0 has no port 5775/udp", "--agent-port 6831", nil,
		},
		"2.13 has another port": {
			5775, "v2.13.0", "127.0.0.1", codeUDPNotServed, HopIdentity,
			"nothing listens on udp 127.0.0.1:5775: Jaeger v2.13.0 has no port 5775/udp", "--agent-port 6831", nil,
		},
		"1.62 must be published": {
			6831, "v1.62.0", "127.0.0.1", codeUDPRefused, HopNone,
			"nothing listens on udp 127.0.0.1:6831", "docker run -p 6831:6831/udp ... (/udp is needed)",
			[]string{unpublished},
		},
		"2.13 must be published, or listen": {
			6831, "v2.13.0", "127.0.0.1", codeUDPRefused, HopNone,
			"nothing listens on udp 127.0.0.1:6831", "docker run -p 6831:6831/udp ... (/udp is needed)",
			[]string{unpublished, onLocalhost},
		},
		"another host's version says nothing": {
			6831, "v1.76.0", "jaeger.example.com", codeUDPRefused, HopNone,
			"nothing listens on udp 127.0.0.1:6831", "docker run -p 6831:6831/udp ... (/udp is needed)",
			[]string{unpublished, noUDP, onLocalhost},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, earlier := agentAt(t, fmt.Sprintf("127.0.0.1:%d", tt.port))
			closed := closedAddr(t)
			target.Dial = usualPorts(map[string]string{fmt.Sprintf("udp %d", tt.port): closed})
			earlier[idIdentity] = jaegerOn(tt.host, tt.version)
			f, _ := examine(t, agentUDP(), target, withQuery(earlier, StatusOK))
			expect(t, f, StatusFail, tt.code, tt.fact, tt.hint)
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

// Behind a NAT that sends no refusals, only the read-back and the version tell.
func TestLostCanaryAndWhatTheVersionTells(t *testing.T) {
	t.Parallel()
	p := canaryProbe()
	lost := fmt.Errorf("trace x: %w", query.ErrNotFound)
	c := &canary{target: "udp 127.0.0.1:6831"}
	for version, want := range map[string]Code{"v1.76.0": codeUDPNotServed, "v1.62.0": codeCanaryLost} {
		identified := jaegerOn("localhost", version)
		env := &Env{
			Target: outside(load(t)), probe: &p,
			earlier: map[string]*outcome{idIdentity: &identified},
		}
		f := notSeen(env, c, delivery{visible: 2 * patience}, "http://localhost:16686", lost)
		if f.Status != StatusFail || f.Code != want {
			t.Errorf("%s: got %s %s %q, want %s", version, f.Status, f.Code, f.Fact, want)
		}
	}
	identified := jaegerOn("localhost", "v1.76.0")
	env := &Env{Target: outside(load(t)), probe: &p, earlier: map[string]*outcome{idIdentity: &identified}}
	if f := notSeen(env, c, delivery{visible: 2 * patience}, "http://localhost:16686", errors.New("cut")); f.Code != codeCanaryUnreadable {
		t.Errorf("got %s %q, want that nothing can be read", f.Code, f.Fact)
	}
}
