package through

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/trace"
)

func TestThrough(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		app    app
		status probe.Status
		code   probe.Code
		fact   string
		hint   string
	}{
		"well": {
			app{},
			probe.StatusOK, CodeJoined,
			"service pay joins a trace received in uber-trace-id; no other service is in the trace", "",
		},
		"passes on": {
			app{inject: true, calls: "stock"},
			probe.StatusOK, CodeJoined,
			"service pay joins a trace received in uber-trace-id, and propagates it to stock", "",
		},
		"answers 404, traced": {
			app{status: http.StatusNotFound},
			probe.StatusOK, CodeJoined,
			"service pay joins a trace received in uber-trace-id; no other service is in the trace", "",
		},
		"B3": {
			app{zipkin: true},
			probe.StatusFail, codeFormatMismatch,
			"service pay joins a trace received in x-b3-traceid, but callers with this configuration send uber-trace-id",
			"leave out jaeger.TracerOptions.Extractor(opentracing.HTTPHeaders, ...) in the application: jaeger-client reads uber-trace-id by itself",
		},
		"extracts nothing": {
			app{deaf: true},
			probe.StatusFail, codeNotExtracted,
			"service pay reports spans but joins no trace received in any of uber-trace-id, traceparent, b3, x-b3-traceid; 9 traces of its own were found",
			"nethttp.Middleware(tracer, handler), or tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(r.Header)), in the application",
		},
		"sampler const 0": {
			app{sampler: jaeger.NewConstSampler(false)},
			probe.StatusFail, CodeSamplerDrops,
			"service pay joins a sampled trace (uber-trace-id), but keeps none of 6 requests without one: its sampler drops them; with jaeger-debug-id one is kept",
			"JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1 (in the application's environment)",
		},
		"sampler const 0, redirects": {
			app{redirects: true, sampler: jaeger.NewConstSampler(false)},
			probe.StatusFail, CodeSamplerDrops,
			"service pay joins a sampled trace (uber-trace-id), but keeps none of 6 requests without one: its sampler drops them; with jaeger-debug-id one is kept",
			"JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1 (in the application's environment)",
		},
		"sampler that keeps few": {
			app{sampler: keepsFew(t)},
			probe.StatusFail, CodeSamplerDrops,
			"service pay joins a sampled trace (uber-trace-id), but keeps none of 6 requests without one: its sampler drops them; with jaeger-debug-id one is kept",
			"JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1 (in the application's environment)",
		},
		"disabled": {app{disabled: true}, probe.StatusFail, codeNotReported, "", "otdemo check-jaeger (with the environment of the application)"},
		"never flushes": {
			app{flush: time.Hour},
			probe.StatusFail, codeNotReported,
			"", "otdemo check-jaeger (with the environment of the application)",
		},
		"extracts and keeps nothing": {
			app{deaf: true, sampler: jaeger.NewConstSampler(false)},
			probe.StatusFail, codeNotReported,
			"", "otdemo check-jaeger (with the environment of the application)",
		},
		"does not inject": {
			app{calls: "stock"},
			probe.StatusFail, codeStopsAt,
			"the trace stops at service pay: during each of its spans, stock starts a trace of its own",
			"tracer.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(req.Header)), or nethttp.TraceRequest and nethttp.Transport, in the application",
		},
		"calls what is not traced": {
			app{calls: "untraced", silent: true}, probe.StatusWarn, codeStopsAt, "", "",
		},
		"cuts ids": {
			app{cut: true},
			probe.StatusWarn, codeIDTruncated,
			"service pay truncates 128-bit trace ids to 64 bits (uber-trace-id): such a trace is split in two",
			"JAEGER_TRACEID_128BIT=false (in the environment of its callers)",
		},
	}
	// Each run takes seconds and almost no CPU, so all run at once.
	found := make(map[string]func() probe.Finding)
	for name, tt := range tests {
		backend, pairs := probetest.StartBackend(t)
		agent := backend.Addrs()[allinone.AgentCompact]
		switch tt.app.calls {
		case "stock":
			// Its spans come after those of the application.
			tt.app.calls = app{name: "stock", flush: 2 * time.Second}.start(t, agent)
		case "untraced":
			tt.app.calls = probetest.Serve(t, probetest.Answer(http.StatusOK, "", "paid")).URL
			tt.fact = "the trace stops at service pay: it calls " + tt.app.calls + ", but no span follows"
			tt.hint = "otdemo check-jaeger --through " + tt.app.calls
		}
		tt.app.name = "pay"
		target := probetest.Outside(probetest.Load(t, pairs...))
		target.Through = tt.app.start(t, agent)
		if tt.code == codeNotReported {
			tt.fact = target.Through + " returned 200, but none of 9 requests to it produced a span at " + pairs[5] +
				", not even with jaeger-debug-id"
		}
		tests[name] = tt
		found[name] = inBackground(func() probe.Finding {
			f, _ := probetest.Examine(t, Probe(), target, nil)
			return f
		})
	}
	for name, tt := range tests {
		f := found[name]()
		t.Run(name, func(t *testing.T) {
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if len(f.Evidence) < 10 {
				t.Errorf("got evidence %q, want a line for each request and what came of it", f.Evidence)
			}
		})
	}
}

// inBackground starts look and returns a function that waits for its finding.
func inBackground(look func() probe.Finding) func() probe.Finding {
	c := make(chan probe.Finding, 1)
	go func() { c <- look() }()
	return func() probe.Finding { return <-c }
}

// The traces that --through leaves behind are complete: Jaeger has no warning
// about them. The application's responses are in no recording.
func TestThroughLeavesWholeTraces(t *testing.T) {
	t.Parallel()
	backend, pairs := probetest.StartBackend(t)
	target := probetest.Outside(probetest.Load(t, pairs...))
	target.Through = app{name: "pay"}.start(t, backend.Addrs()[allinone.AgentCompact])
	target.Record = func(x probe.Exchange) {
		if x.URL == target.Through {
			t.Errorf("the answer of the application was recorded: %+v", x)
		}
	}
	f, env := probetest.Examine(t, Probe(), target, nil)
	if f.Code != CodeJoined {
		t.Fatalf("got %s %q, want a trace that is joined", f.Code, f.Fact)
	}
	sent := regexp.MustCompile(`with uber-trace-id \(trace (\w+)\)`).FindStringSubmatch(strings.Join(f.Evidence, "\n"))
	if sent == nil {
		t.Fatalf("no trace id in the evidence: %q", f.Evidence)
	}
	id, err := trace.ParseTraceID(sent[1])
	if err != nil {
		t.Fatal(err)
	}
	client, err := env.NewQuery()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), probe.DefaultTimeout)
	defer cancel()
	got, err := client.WaitTrace(ctx, id, func(seen trace.Trace) bool {
		return slices.Equal(seen.Services(), []string{probe.CheckService, "pay"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range got.Spans {
		if len(s.Warnings) > 0 {
			t.Errorf("span of %s has warnings %q", s.Service(), s.Warnings)
		}
	}
	if !slices.Contains(f.Evidence, "sampled=0: not kept") {
		t.Errorf("got evidence %q, want that sampled=0 is honoured", f.Evidence)
	}
}

func TestParentsUseTheConfiguredPath(t *testing.T) {
	t.Parallel()
	posts := make(chan string, 1)
	collector := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		posts <- fmt.Sprint(r.URL.Path, " ", r.Header.Get("Content-Type"), " ", user, " ", password, " ",
			strings.Count(string(body), probe.IDThrough+" uber-trace-id"))
		w.WriteHeader(http.StatusAccepted)
	})
	loaded := probetest.Load(t, "reporter.collector.endpoint", collector.URL+"/api/traces",
		"reporter.collector.user", "me", "reporter.collector.password", "secret")
	now := time.Now()
	v := sessionAt(now, now)
	c := v.joins[0]
	seen := &observations{session: v, joined: map[string]trace.Trace{c.name: continues(c, "pay", now, time.Millisecond)}}
	seen.reportParents(t.Context(), &probe.Env{Target: probetest.Outside(loaded).WithDefaults()})
	select {
	case got := <-posts:
		if want := "/api/traces application/x-thrift me secret 1"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	default:
		t.Error("nothing was posted")
	}
}

func TestThroughInconclusive(t *testing.T) {
	t.Parallel()
	_, pairs := probetest.StartBackend(t)
	closed := probetest.ClosedAddr(t)
	hangs := probetest.Serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	here := probetest.Serve(t, probetest.Answer(http.StatusOK, "", "hello"))
	secure := httptest.NewTLSServer(probetest.Answer(http.StatusOK, "", "hello"))
	t.Cleanup(secure.Close)
	tests := map[string]struct {
		through string
		set     []string
		within  time.Duration
		status  probe.Status
		code    probe.Code
		fact    string
		hint    string
	}{
		"not requested": {"", nil, 0, probe.StatusSkip, probe.CodeNotUsed, "no application is set", ""},
		"no scheme": {
			"localhost:8000", nil, 0, probe.StatusFail, codeUnreachable,
			"--through is not a valid URL: it must start with http:// or https://", "--through http://localhost:8000/",
		},
		"nothing listens": {
			"http://me:secret@" + closed + "/pay", nil, 0, probe.StatusFail, codeUnreachable,
			"cannot reach the application: nothing listens on tcp " + closed, "curl -v http://" + closed + "/pay",
		},
		"does not answer": {
			hangs.URL, nil, 0, probe.StatusFail, codeUnreachable,
			"cannot reach the application: tcp " + strings.TrimPrefix(hangs.URL, "http://") + " did not respond in time",
			"curl -v " + hangs.URL,
		},
		"speaks plain HTTP": {
			"https://" + strings.TrimPrefix(here.URL, "http://"), nil, 0, probe.StatusFail, codeUnreachable,
			"cannot reach the application: " + strings.TrimPrefix(here.URL, "http://") + " speaks plain HTTP, but the URL scheme is https",
			"--through " + here.URL,
		},
		"too little time": {
			here.URL, nil, 200 * time.Millisecond, probe.StatusUnknown, codeNotAwaited,
			"timed out before " + here.URL + " could report its spans", "--timeout 30s",
		},
		"no query API": {
			here.URL, []string{"query.url", "http://" + closed}, 0, probe.StatusUnknown, codeUnreadable, "", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, append(slices.Clip(pairs), tt.set...)...))
			target.Through = tt.through
			if tt.within == 0 {
				tt.within = probe.DefaultTimeout
			}
			f, _ := probetest.ExamineWithin(t, tt.within, Probe(), target, nil)
			if tt.fact == "" {
				tt.fact = f.Fact
			}
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

// A redirect to another host would send the caller's trace, and the user's
// credentials, to a host that was not given.
func TestThroughStaysOnHost(t *testing.T) {
	t.Parallel()
	elsewhere := probetest.Serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host received a request for %s", r.URL)
	})
	var requests atomic.Int64
	here := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
			return
		}
		requests.Add(1)
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	})
	u, err := parseURL(here.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	v := newSession(u)
	if err := v.make(t.Context(), &probe.Env{Target: probetest.Outside(nil).WithDefaults()}); err != nil {
		t.Fatal(err)
	}
	if got, want := int(requests.Load()), len(v.calls()); got != want {
		t.Errorf("/next received %d requests, want %d", got, want)
	}
}
