package doctor

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/queryapi"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
)

// healthyRuns is how often in a row a healthy backend must be found healthy.
const healthyRuns = 50

func TestHealthyBackendIsFoundHealthy(t *testing.T) {
	t.Parallel()
	backend, pairs := probetest.StartBackend(t)
	loaded := probetest.Load(t, append(pairs, "sampler.type", "remote")...)
	want := []string{
		"config-effective ok config-effective",
		"sampler ok sampler-remote",
		"sampling-strategy ok strategy-keeps-all",
		"query-api ok query-answers",
		"agent-host ok agent-host-resolves",
		"agent-udp ok udp-not-refused",
		"collector-http skip not-used",
		"canary ok canary-delivered",
		"canary-large ok canary-large-delivered",
		"clock ok clock-agrees",
		"search ok search-finds",
		"docker-engine skip docker-not-asked",
		"docker skip not-used",
		"compose skip not-used",
		"http-path skip not-used",
	}
	for range healthyRuns {
		report := Run(t.Context(), probetest.Outside(loaded), Options{})
		if diff := cmp.Diff(want, probetest.About(want, report.Findings)); diff != "" {
			t.Fatalf("findings (-want +got):\n%s\n%+v", diff, report.Findings)
		}
		for _, f := range report.Findings {
			if f.Status == probe.StatusFail || f.Status == probe.StatusWarn {
				t.Fatalf("false alarm: %s %s: %s", f.Status, f.Code, f.Fact)
			}
		}
		v := report.Verdict
		start := "spans from this configuration reach Jaeger (udp " + backend.Addrs()[allinone.AgentCompact] + ", visible after "
		if !v.OK || v.Answer != AnswerYes || !strings.HasPrefix(v.Text, start) {
			t.Fatalf("got verdict %+v, want it to start with %q", v, start)
		}
	}
	// Three spans a run, and nothing else, was changed.
	if got, want := backend.Stats().Store.Spans, healthyRuns*3; int(got) != want {
		t.Errorf("the backend holds %d spans, want %d", got, want)
	}
}

func TestVanishedBackend(t *testing.T) {
	t.Parallel()
	_, pairs := probetest.StartBackend(t)
	closed := probetest.ClosedAddr(t)
	tests := map[string]struct {
		set    []string
		answer Answer
		text   string
		want   []string
	}{
		"agent gone": {
			[]string{"reporter.agent.port", probetest.PortFrom(t, closed)},
			AnswerNo,
			"spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp " + closed,
			[]string{
				"query-api ok query-answers", "agent-host ok agent-host-resolves", "agent-udp fail udp-refused",
				"collector-http skip not-used", "canary skip need-failed", "http-path unknown http-path-no-help",
			},
		},
		"query API gone": {
			[]string{"query.url", "http://" + closed},
			AnswerUnknown,
			"cannot determine whether spans reach Jaeger: query: nothing listens on tcp " + closed,
			[]string{
				"query-api fail query-refused", "agent-host ok agent-host-resolves", "agent-udp ok udp-not-refused",
				"collector-http skip not-used", "canary skip need-failed", "http-path skip need-failed",
			},
		},
		"both gone": {
			[]string{"query.url", "http://" + closed, "reporter.agent.port", probetest.PortFrom(t, closed)},
			AnswerNo,
			"spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp " + closed,
			[]string{
				"query-api fail query-refused", "agent-host ok agent-host-resolves", "agent-udp fail udp-refused",
				"collector-http skip not-used", "canary skip need-failed", "http-path skip need-failed",
			},
		},
		"disabled, while all else is well": {
			[]string{"disabled", "true"},
			AnswerNo,
			"spans do NOT reach Jaeger: first broken hop: config: the tracer is disabled (--flag)",
			[]string{
				"query-api ok query-answers", "agent-host ok agent-host-resolves", "agent-udp ok udp-not-refused",
				"collector-http skip not-used", "canary ok canary-delivered", "http-path skip not-used",
			},
		},
		"sampler keeps nothing": {
			[]string{"sampler.param", "0"},
			AnswerNo,
			"spans do NOT reach Jaeger: first broken hop: sampling: const 0 keeps no trace",
			[]string{
				"query-api ok query-answers", "agent-host ok agent-host-resolves", "agent-udp ok udp-not-refused",
				"collector-http skip not-used", "canary ok canary-delivered", "http-path skip not-used",
			},
		},
		"collector endpoint is the UI": {
			[]string{"reporter.collector.endpoint", pairs[5] + "/api/traces"},
			AnswerNo,
			"spans do NOT reach Jaeger: first broken hop: network: " + pairs[5] + "/api/traces does not accept spans: it returned 405",
			[]string{
				"query-api ok query-answers", "agent-host skip not-used", "agent-udp skip not-used",
				"collector-http fail collector-path-wrong", "canary skip need-failed", "http-path skip not-used",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, append(slices.Clip(pairs), tt.set...)...))
			// Whatever else runs on this machine.
			target.Dial = probetest.UsualPorts(nil)
			report := Run(t.Context(), target, Options{})
			if report.Verdict.Answer != tt.answer || report.Verdict.Text != tt.text {
				t.Errorf("got %s %q, want %s %q", report.Verdict.Answer, report.Verdict.Text, tt.answer, tt.text)
			}
			if diff := cmp.Diff(tt.want, probetest.About(tt.want, report.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// A port that swallows spans looks like success to a sender. The backend's
// query API responds, so only reading back shows the loss.
func TestSwallowedSpansAreNotCalledDelivered(t *testing.T) {
	t.Parallel()
	_, pairs := probetest.StartBackend(t)
	swallow := probetest.ListenUDP(t)
	collector := probetest.Serve(t, probetest.Answer(http.StatusNotFound, "", "404 page not found"))
	pairs[3] = probetest.PortFrom(t, swallow.LocalAddr().String())
	target := probetest.Outside(probetest.Load(t, pairs...))
	target.Dial = probetest.UsualPorts(map[string]string{"tcp 14268": probetest.Hostport(collector.URL)})
	// A quarter is kept for trying 14268; the rest is more than
	// canary.LostAfter.
	report := Run(t.Context(), target, Options{Timeout: 2 * canary.LostAfter})
	want := []string{"canary fail canary-lost", "http-path unknown http-path-no-help"}
	if got := probetest.About(want, report.Findings); !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	v := report.Verdict
	causes := probetest.OfProbe(report.Findings, probe.IDCanary).Causes
	if v.Answer != AnswerNo || v.FirstBrokenHop != probe.HopDelivery || len(causes) < 3 {
		t.Errorf("got %+v with causes %+v, want no, at delivery, and a set of causes", v, causes)
	}
	start := "spans do NOT reach Jaeger: first broken hop: delivery: a span sent to udp " + swallow.LocalAddr().String() + " was neither refused nor found after "
	if !strings.HasPrefix(v.Text, start) {
		t.Errorf("got %q, want it to start with %q", v.Text, start)
	}
}

// A host that drops packets costs one timeout, not the sum of them.
func TestDeadHostTakesOneTimeout(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t,
		"query.url", "http://10.9.9.9:16686", "sampler.type", "remote", "sampler.endpoint", "http://10.9.9.9:5778/sampling",
		"reporter.agent.host", "127.0.0.1", "reporter.agent.port", probetest.PortFrom(t, probetest.ClosedAddr(t)),
	))
	target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if network == "tcp" {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	start := time.Now()
	report := Run(t.Context(), target, Options{})
	if took := time.Since(start); took > probe.NetworkTimeout+2*transport.TCPTimeout+time.Second {
		t.Errorf("run took %s, want about %s", took, probe.NetworkTimeout)
	}
	if f := probetest.OfProbe(report.Findings, probe.IDQuery); f.Code != queryapi.CodeTimeout {
		t.Errorf("got %s %q, want a timeout", f.Code, f.Fact)
	}
}
