package doctor

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// notFoundBody is Jaeger's answer to an id that it does not know.
const notFoundBody = `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}`

// tracesServer is a query API that makes up the answer to any trace id.
func tracesServer(t *testing.T, spans func(id trace.TraceID) []trace.Span) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, err := trace.ParseTraceID(strings.TrimPrefix(r.URL.Path, "/api/traces/"))
		if err != nil {
			t.Errorf("asked for %s", r.URL)
		}
		if err := trace.EncodeTraces(w, []trace.Trace{{ID: id, Spans: spans(id)}}, nil); err != nil {
			t.Error(err)
		}
	}).URL
}

func spanOf(id trace.TraceID, warnings ...string) trace.Span {
	return trace.Span{
		TraceID: id, SpanID: 1, Operation: idCanary, Start: time.Unix(1, 0),
		Process: &trace.Process{Service: checkService}, Warnings: warnings,
	}
}

// examineCanary runs the probe as it runs when all before it are well.
func examineCanary(t *testing.T, pairs ...string) (Finding, *Env) {
	t.Helper()
	return examine(t, canaryProbe(), outside(load(t, pairs...)), nil)
}

func TestCanaryReadsBackWhatItSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spans  func(trace.TraceID) []trace.Span
		status Status
		code   Code
		start  string
	}{
		"delivered": {
			func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} },
			StatusOK, codeCanaryDelivered, "a span arrives (udp 127.0.0.1:",
		},
		"warned": {
			func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id, "clock skew")} },
			StatusWarn, codeCanaryWarned, "a span arrives (udp 127.0.0.1:",
		},
		"twice": {
			func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id), spanOf(id)} },
			StatusWarn, codeCanaryDuplicated, "one span was sent and 2 came back (udp 127.0.0.1:",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent := listenUDP(t)
			f, env := examineCanary(t,
				"reporter.agent.host", "127.0.0.1", "reporter.agent.port", portFrom(t, agent.LocalAddr().String()),
				"query.url", tracesServer(t, tt.spans),
				// What the application does with its own spans must not matter.
				"disabled", "true", "sampler.param", "0", "service", "till",
			)
			if f.Status != tt.status || f.Code != tt.code || !strings.HasPrefix(f.Fact, tt.start) {
				t.Errorf("got %s %s %q, want %s %s %q...", f.Status, f.Code, f.Fact, tt.status, tt.code, tt.start)
			}
			if d, ok := env.learned.(delivery); !ok || d.target != "udp "+agent.LocalAddr().String() {
				t.Errorf("learned %v, want a delivery", env.learned)
			}
			packet, _ := receive(t, agent)
			if text := string(packet); !strings.Contains(text, checkService) || strings.Contains(text, "till") {
				t.Errorf("sent %q, want a span of %s", text, checkService)
			}
		})
	}
}

func TestCanaryOverTheCollector(t *testing.T) {
	t.Parallel()
	posts := make(chan string, 1)
	collector := serve(t, func(w http.ResponseWriter, r *http.Request) {
		posts <- r.URL.Path
		w.WriteHeader(http.StatusAccepted)
	})
	f, _ := examineCanary(t,
		"reporter.collector.endpoint", collector.URL+"/api/traces",
		"query.url", tracesServer(t, func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} }),
	)
	if f.Code != codeCanaryDelivered || !strings.Contains(f.Fact, collector.URL+"/api/traces") {
		t.Errorf("got %s %q, want it delivered over %s", f.Code, f.Fact, collector.URL)
	}
	if got := <-posts; got != "/api/traces" {
		t.Errorf("posted to %q", got)
	}
}

func TestCanaryThatIsNotSent(t *testing.T) {
	t.Parallel()
	closed := closedAddr(t)
	rejecting := serve(t, answer(400, "", "no")).URL
	tests := map[string]struct {
		set  []string
		fact string
		hint string
	}{
		"refused": {
			[]string{"reporter.agent.host", "127.0.0.1", "reporter.agent.port", portFrom(t, closed)},
			"the tracer could not send a span to udp " + closed + ": the port refuses", hintAllInOne,
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
			expect(t, f, StatusFail, codeCanaryNotSent, tt.fact, tt.hint)
		})
	}
}

func TestCanaryTooSoonToSay(t *testing.T) {
	t.Parallel()
	agent := listenUDP(t)
	target := outside(load(t,
		"reporter.agent.host", "127.0.0.1", "reporter.agent.port", portFrom(t, agent.LocalAddr().String()),
		"query.url", serve(t, answer(404, "", notFoundBody)).URL,
	))
	report := run(t.Context(), []Probe{canaryProbe()}, target, Options{Timeout: 200 * time.Millisecond})
	if got, want := lines(report.Findings)[0], "canary unknown canary-not-awaited"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if report.Verdict.Answer != AnswerUnknown {
		t.Errorf("got %s, want unknown", report.Verdict.Answer)
	}
}

// A collector that hangs until the time is up has not refused anything.
func TestCanaryThatHasNoTimeToLeave(t *testing.T) {
	t.Parallel()
	hanging := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	target := outside(load(t, "reporter.collector.endpoint", hanging.URL+"/api/traces"))
	report := run(t.Context(), []Probe{canaryProbe()}, target, Options{Timeout: 100 * time.Millisecond})
	if got, want := lines(report.Findings)[0], "canary unknown canary-not-awaited"; got != want {
		t.Errorf("got %q, want %q: %+v", got, want, report.Findings[0])
	}
}

func TestCanaryNotSeen(t *testing.T) {
	t.Parallel()
	late := &query.WaitError{Reason: query.ErrNotFound, Ended: context.DeadlineExceeded, Polls: 22, Waited: 7 * time.Second}
	tests := map[string]struct {
		set     []string
		udp     Code
		err     error
		waited  time.Duration
		status  Status
		hop     Hop
		code    Code
		fact    string
		hint    string
		someone string
	}{
		"silence over UDP": {
			nil, codeUDPSilent, late, 7 * time.Second, StatusFail, HopNone, codeCanaryLost,
			"a span sent to TARGET is neither refused nor there after 7s",
			"otdemo check-jaeger --collector-endpoint http://localhost:14268/api/traces", "a firewall or a network policy drops the packets",
		},
		"compact to 6832": {
			[]string{"reporter.agent.port", "6832"},
			codeUDPWrongEncoding, late, 7 * time.Second, StatusFail, HopNetwork, codeUDPWrongEncoding,
			"a span sent to TARGET is not there after 7s: port 6832 is Jaeger's for binary thrift, and spans are sent compact", "--agent-port 6831", "another program holds the port",
		},
		"accepted over HTTP": {
			[]string{"reporter.collector.endpoint", "http://h:14268/api/traces"},
			"", late, 7 * time.Second, StatusFail, HopNone, codeCanaryLost,
			"a span that TARGET accepted is not there after 7s", "docker logs --tail 50 jaeger",
			"the storage rejects spans: Jaeger says 202 before it stores them",
		},
		"too soon": {
			nil, codeUDPSilent, late, time.Second, StatusUnknown, HopNone, codeCanaryNotAwaited,
			"a span sent to TARGET is not there after 1s, too soon to call it lost", "--timeout 30s", "",
		},
		"reading fails": {
			nil, codeUDPSilent, &query.StatusError{URL: "http://q/api/traces/1", Status: 500, Body: "all shards failed"}, 7 * time.Second,
			StatusUnknown, HopQuery, codeCanaryUnreadable,
			"a span was sent to TARGET, and reading it back fails: get http://q/api/traces/1: 500 Internal Server Error: all shards failed", "", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := canaryProbe()
			target := outside(load(t, tt.set...))
			env := &Env{Target: target, probe: &p, earlier: map[string]*outcome{idUDP: {finding: Finding{Code: tt.udp}}}}
			c := &canary{id: trace.TraceID{Low: 1}, target: "TARGET"}
			f := notSeen(env, c, delivery{target: c.target, visible: tt.waited}, "http://q", tt.err)
			expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if f.Hop != tt.hop {
				t.Errorf("got hop %q, want %q", f.Hop, tt.hop)
			}
			if tt.someone != "" && !hasCause(f, tt.someone) {
				t.Errorf("causes %+v lack %q", f.Causes, tt.someone)
			}
		})
	}
}

func TestHTTPPath(t *testing.T) {
	t.Parallel()
	found := tracesServer(t, func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} })
	unreadable := serve(t, answer(500, "", "")).URL
	const hint = "--collector-endpoint http://127.0.0.1:14268/api/traces"
	tests := map[string]struct {
		collector  http.HandlerFunc
		query      string
		status     Status
		code       Code
		fact, hint string
	}{
		"works":      {answer(202, "", ""), found, StatusOK, codeHTTPPathWorks, "HTTP 14268 works: a span sent there was read back", hint},
		"unreadable": {answer(202, "", ""), unreadable, StatusUnknown, codeHTTPPathAccepts, "http://127.0.0.1:14268/api/traces accepts a span with 202, which was not read back", hint},
		"no help":    {answer(404, "", ""), found, StatusUnknown, codeHTTPPathNoHelp, "http://127.0.0.1:14268/api/traces answers a span with 404", ""},
		"closed":     {nil, found, StatusUnknown, codeHTTPPathNoHelp, "nothing listens on tcp 127.0.0.1:14268", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := outside(load(t, "reporter.agent.host", "127.0.0.1", "query.url", tt.query))
			// Port 14268 is fixed, so the collector is elsewhere.
			collector := closedAddr(t)
			if tt.collector != nil {
				collector = strings.TrimPrefix(serve(t, tt.collector).URL, "http://")
			}
			target.Dial = redirectDial(map[string]string{"127.0.0.1:14268": collector})
			earlier := map[string]outcome{idUDP: {finding: Finding{Status: StatusFail, Code: codeUDPRefused}}}
			// WaitTrace is given as long as the probe has.
			f, _ := examineWithin(t, 500*time.Millisecond, httpPath(), target, earlier)
			expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestHTTPPathIsForUDPThatFails(t *testing.T) {
	t.Parallel()
	fine, lost := Finding{Status: StatusOK}, Finding{Status: StatusFail, Code: codeCanaryLost}
	tests := map[string]struct {
		set         []string
		udp, canary Finding
		fact        string
	}{
		"HTTP is configured": {[]string{"reporter.collector.endpoint", "http://h/api/traces"}, fine, lost, "spans go to a collector already"},
		"UDP works":          {nil, fine, fine, "spans arrive over UDP"},
		"nobody knows":       {nil, fine, Finding{Status: StatusUnknown, Code: codeCanaryUnreadable}, "it is not known that UDP fails"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := examine(t, httpPath(), outside(load(t, tt.set...)), map[string]outcome{
				idUDP: {finding: tt.udp}, idCanary: {finding: tt.canary},
			})
			expect(t, f, StatusSkip, codeNotUsed, tt.fact, "")
		})
	}
}
