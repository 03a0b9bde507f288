package canary

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity/identitytest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// tracesServer is a query API that generates the response for any trace id.
func tracesServer(t *testing.T, spans func(id trace.TraceID) []trace.Span) string {
	t.Helper()
	return probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, err := trace.ParseTraceID(strings.TrimPrefix(r.URL.Path, "/api/traces/"))
		if err != nil {
			t.Errorf("unexpected request for %s", r.URL)
		}
		if err := trace.EncodeTraces(w, []trace.Trace{{ID: id, Spans: spans(id)}}, nil); err != nil {
			t.Error(err)
		}
	}).URL
}

func spanOf(id trace.TraceID, warnings ...string) trace.Span {
	return trace.Span{
		TraceID: id, SpanID: 1, Operation: probe.IDCanary, Start: time.Unix(1, 0),
		Process: &trace.Process{Service: probe.CheckService}, Warnings: warnings,
	}
}

// examineCanary runs the probe as it runs when all before it are well.
func examineCanary(t *testing.T, pairs ...string) (probe.Finding, *probe.Env) {
	t.Helper()
	return probetest.Examine(t, Probe(), probetest.Outside(probetest.Load(t, pairs...)), nil)
}

func TestCanaryReadsBackWhatItSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spans  func(trace.TraceID) []trace.Span
		status probe.Status
		code   probe.Code
		start  string
	}{
		"delivered": {
			func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} },
			probe.StatusOK, CodeCanaryDelivered, "a span arrives (udp 127.0.0.1:",
		},
		"warned": {
			func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id, "clock skew")} },
			probe.StatusWarn, CodeCanaryWarned, "a span arrives (udp 127.0.0.1:",
		},
		"twice": {
			func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id), spanOf(id)} },
			probe.StatusWarn, CodeCanaryDuplicated, "one span was sent, but 2 were read back (udp 127.0.0.1:",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent := probetest.ListenUDP(t)
			f, env := examineCanary(t,
				"reporter.agent.host", "127.0.0.1", "reporter.agent.port", probetest.PortFrom(t, agent.LocalAddr().String()),
				"query.url", tracesServer(t, tt.spans),
				// What the application does with its own spans must not matter.
				"disabled", "true", "sampler.param", "0", "service", "till",
			)
			if f.Status != tt.status || f.Code != tt.code || !strings.HasPrefix(f.Fact, tt.start) {
				t.Errorf("got %s %s %q, want %s %s %q...", f.Status, f.Code, f.Fact, tt.status, tt.code, tt.start)
			}
			if d, ok := env.Published.(Delivery); !ok || d.Target != "udp "+agent.LocalAddr().String() {
				t.Errorf("learned %v, want a delivery", env.Published)
			}
			packet, _ := probetest.Receive(t, agent)
			if text := string(packet); !strings.Contains(text, probe.CheckService) || strings.Contains(text, "till") {
				t.Errorf("sent %q, want a span of %s", text, probe.CheckService)
			}
		})
	}
}

func TestCanaryOverTheCollector(t *testing.T) {
	t.Parallel()
	posts := make(chan string, 1)
	collector := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		posts <- r.URL.Path
		w.WriteHeader(http.StatusAccepted)
	})
	f, _ := examineCanary(t,
		"reporter.collector.endpoint", collector.URL+"/api/traces",
		"query.url", tracesServer(t, func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} }),
	)
	if f.Code != CodeCanaryDelivered || !strings.Contains(f.Fact, collector.URL+"/api/traces") {
		t.Errorf("got %s %q, want it delivered over %s", f.Code, f.Fact, collector.URL)
	}
	if got := <-posts; got != "/api/traces" {
		t.Errorf("posted to %q", got)
	}
}

func TestCanaryThatIsNotSent(t *testing.T) {
	t.Parallel()
	closed := probetest.ClosedAddr(t)
	rejecting := probetest.Serve(t, probetest.Answer(400, "", "no")).URL
	tests := map[string]struct {
		set  []string
		fact string
		hint string
	}{
		"refused": {
			[]string{"reporter.agent.host", "127.0.0.1", "reporter.agent.port", probetest.PortFrom(t, closed)},
			"the tracer could not send a span to udp " + closed + ": connection refused", probe.HintAllInOne,
		},
		"rejected": {
			[]string{"reporter.collector.endpoint", rejecting + "/api/traces"},
			"the tracer could not send a span to " + rejecting + "/api/traces", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := examineCanary(t, tt.set...)
			probetest.Expect(t, f, probe.StatusFail, probe.CodeCanaryNotSent, tt.fact, tt.hint)
		})
	}
}

func TestCanaryNotFound(t *testing.T) {
	t.Parallel()
	late := &query.WaitError{Reason: query.ErrNotFound, Ended: context.DeadlineExceeded, Polls: 22, Waited: 7 * time.Second}
	tests := map[string]struct {
		set     []string
		udp     probe.Code
		err     error
		waited  time.Duration
		status  probe.Status
		hop     probe.Hop
		code    probe.Code
		fact    string
		hint    string
		someone string
	}{
		"silence over UDP": {
			nil, transport.CodeUDPSilent, late, 7 * time.Second, probe.StatusFail, probe.HopNone, probe.CodeCanaryLost,
			"a span sent to TARGET was neither refused nor found after 7s",
			"otdemo check-jaeger --collector-endpoint http://localhost:14268/api/traces", "a firewall or a network policy drops the packets",
		},
		"compact to 6832": {
			[]string{"reporter.agent.port", "6832"},
			transport.CodeUDPWrongEncoding, late, 7 * time.Second, probe.StatusFail, probe.HopNetwork, transport.CodeUDPWrongEncoding,
			"a span sent to TARGET was not found after 7s: port 6832 is Jaeger's port for binary thrift, but spans are sent as compact thrift", "--agent-port 6831", "another program uses the port",
		},
		"accepted over HTTP": {
			[]string{"reporter.collector.endpoint", "http://h:14268/api/traces"},
			"", late, 7 * time.Second, probe.StatusFail, probe.HopNone, probe.CodeCanaryLost,
			"a span that TARGET accepted was not found after 7s", "docker logs --tail 50 jaeger",
			"the storage rejects spans: Jaeger returns 202 before it stores them",
		},
		"too soon": {
			nil, transport.CodeUDPSilent, late, time.Second, probe.StatusUnknown, probe.HopNone, codeCanaryNotAwaited,
			"a span sent to TARGET was not found after 1s, which is too soon to call it lost", "--timeout 30s", "",
		},
		"reading fails": {
			nil, transport.CodeUDPSilent, &query.StatusError{URL: "http://q/api/traces/1", Status: 500, Body: "all shards failed"}, 7 * time.Second,
			probe.StatusUnknown, probe.HopQuery, codeCanaryUnreadable,
			"a span was sent to TARGET, but reading it back failed: get http://q/api/traces/1: 500 Internal Server Error: all shards failed", "", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Probe()
			target := probetest.Outside(probetest.Load(t, tt.set...))
			env := &probe.Env{Target: target, Probe: &p, Earlier: map[string]*probe.Outcome{probe.IDUDP: {Finding: probe.Finding{Code: tt.udp}}}}
			c := &sentCanary{Delivery: Delivery{id: trace.TraceID{Low: 1}, Target: "TARGET", Visible: tt.waited}}
			f := notFound(env, c, "http://q", tt.err)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if f.Hop != tt.hop {
				t.Errorf("got hop %q, want %q", f.Hop, tt.hop)
			}
			if tt.someone != "" && !probetest.HasCause(f, tt.someone) {
				t.Errorf("causes %+v lack %q", f.Causes, tt.someone)
			}
		})
	}
}

func TestHTTPPath(t *testing.T) {
	t.Parallel()
	found := tracesServer(t, func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} })
	unreadable := probetest.Serve(t, probetest.Answer(500, "", "")).URL
	const hint = "--collector-endpoint http://127.0.0.1:14268/api/traces"
	tests := map[string]struct {
		collector  http.HandlerFunc
		query      string
		status     probe.Status
		code       probe.Code
		fact, hint string
	}{
		"works":      {probetest.Answer(202, "", ""), found, probe.StatusOK, CodeHTTPPathWorks, "HTTP port 14268 works: a span sent there was read back", hint},
		"unreadable": {probetest.Answer(202, "", ""), unreadable, probe.StatusUnknown, codeHTTPPathAccepts, "http://127.0.0.1:14268/api/traces accepted a span with 202, but the span was not read back", hint},
		"no help":    {probetest.Answer(404, "", ""), found, probe.StatusUnknown, codeHTTPPathNoHelp, "http://127.0.0.1:14268/api/traces returned 404 for a span", ""},
		"closed":     {nil, found, probe.StatusUnknown, codeHTTPPathNoHelp, "nothing listens on tcp 127.0.0.1:14268", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1", "query.url", tt.query))
			// Port 14268 is fixed, so the collector is elsewhere.
			collector := probetest.ClosedAddr(t)
			if tt.collector != nil {
				collector = strings.TrimPrefix(probetest.Serve(t, tt.collector).URL, "http://")
			}
			target.Dial = probetest.RedirectDial(map[string]string{"127.0.0.1:14268": collector})
			earlier := map[string]probe.Outcome{probe.IDUDP: {Finding: probe.Finding{Status: probe.StatusFail, Code: probe.CodeUDPRefused}}}
			// WaitTrace is given as long as the probe has.
			f, _ := probetest.ExamineWithin(t, 500*time.Millisecond, HTTPPathProbe(), target, earlier)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestHTTPPathIsForUDPThatFails(t *testing.T) {
	t.Parallel()
	fine, lost := probe.Finding{Status: probe.StatusOK}, probe.Finding{Status: probe.StatusFail, Code: probe.CodeCanaryLost}
	tests := map[string]struct {
		set         []string
		udp, canary probe.Finding
		fact        string
	}{
		"HTTP is configured": {[]string{"reporter.collector.endpoint", "http://h/api/traces"}, fine, lost, "spans already go to a collector"},
		"UDP works":          {nil, fine, fine, "spans arrive over UDP"},
		"unknown":            {nil, fine, probe.Finding{Status: probe.StatusUnknown, Code: codeCanaryUnreadable}, "no failure over UDP was found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := probetest.Examine(t, HTTPPathProbe(), probetest.Outside(probetest.Load(t, tt.set...)), map[string]probe.Outcome{
				probe.IDUDP: {Finding: tt.udp}, probe.IDCanary: {Finding: tt.canary},
			})
			probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, tt.fact, "")
		})
	}
}

// Behind a NAT that sends no refusals, only reading back and the version show
// the fault.
func TestLostCanaryAndTheVersion(t *testing.T) {
	t.Parallel()
	p := Probe()
	lost := fmt.Errorf("trace x: %w", query.ErrNotFound)
	c := &sentCanary{Delivery: Delivery{Target: "udp 127.0.0.1:6831", Visible: 2 * LostAfter}}
	for version, want := range map[string]probe.Code{"v1.76.0": transport.CodeUDPNotServed, "v1.62.0": probe.CodeCanaryLost} {
		identified := identitytest.JaegerOn("localhost", version)
		env := &probe.Env{
			Target: probetest.Outside(probetest.Load(t)), Probe: &p,
			Earlier: map[string]*probe.Outcome{probe.IDIdentity: &identified},
		}
		f := notFound(env, c, "http://localhost:16686", lost)
		if f.Status != probe.StatusFail || f.Code != want {
			t.Errorf("%s: got %s %s %q, want %s", version, f.Status, f.Code, f.Fact, want)
		}
	}
	identified := identitytest.JaegerOn("localhost", "v1.76.0")
	env := &probe.Env{Target: probetest.Outside(probetest.Load(t)), Probe: &p, Earlier: map[string]*probe.Outcome{probe.IDIdentity: &identified}}
	if f := notFound(env, c, "http://localhost:16686", errors.New("cut")); f.Code != codeCanaryUnreadable {
		t.Errorf("got %s %q, want that nothing can be read", f.Code, f.Fact)
	}
}
