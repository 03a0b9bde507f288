package integration

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/stores"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestTracers proves each tracer against the real system that it is made for: serve
// and call are two processes, one call is one trace there, and the books of both
// tell what the system has, also when it is killed. Where otdemo can read spans back,
// its doctor finds nothing wrong, and its own account closes.
func TestTracers(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *system{
		"jaeger":           inJaeger("jaeger", func(j *jaegers.Instance) string { return j.CollectorURL }),
		"zipkin":           inZipkin,
		"appdash":          inAppdash,
		"otel over http":   inJaeger("otel", func(j *jaegers.Instance) string { return j.OTLPURL }),
		"otel over grpc":   inJaeger("otel", func(j *jaegers.Instance) string { return "grpc://" + j.OTLPHostPort }),
		"zipkin in jaeger": inJaeger("zipkin", func(j *jaegers.Instance) string { return j.ZipkinURL }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			serving := s.serve(t)
			s.checkTrace(t, serving)
			s.checkDoctor(t)
			s.checkLedger(t, serving)
			s.checkBooks(t, serving)
		})
	}
}

// system is a tracing system that runs, and how otdemo sends there.
type system struct {
	// flags choose the tracer, and where its spans go.
	flags []string
	// query is where otdemo reads spans back; "" where it cannot.
	query string
	// post is the URL of the last flag, when the spans are posted there.
	post string
	// tree is callTree as this system has it.
	tree string
	// read returns the spans of one trace.
	read func(ctx context.Context, id trace.TraceID) ([]spanSeen, error)
	// stored counts all spans that are there.
	stored func(t *testing.T) tally
	// kill ends it at once; all that it has is lost.
	kill func() error
	// restart starts it again where it was, without spans; nil when it cannot.
	restart func() error
}

// inJaeger returns what starts Jaeger 2.13, where the named tracer sends to one of
// its endpoints.
func inJaeger(tracer string, endpoint func(*jaegers.Instance) string) func(*testing.T) *system {
	return func(t *testing.T) *system {
		t.Helper()
		j := jaegers.Start(t, jaegers.V213())
		return newSystem(j, tracer, endpoint(j))
	}
}

// newSystem returns a Jaeger as the system of a tracer that sends to endpoint.
func newSystem(j *jaegers.Instance, tracer, endpoint string) *system {
	s := &system{
		flags: []string{"--tracer", tracer, "--collector-endpoint", endpoint},
		query: j.QueryURL,
		tree:  treeOf(tracer, tracer), kill: j.Kill,
	}
	if strings.HasPrefix(endpoint, "http://") {
		s.post = endpoint
	}
	s.read = func(ctx context.Context, id trace.TraceID) ([]spanSeen, error) {
		ctx, cancel := context.WithTimeout(ctx, clientTimeout)
		defer cancel()
		tr, err := wire.ReadTrace(ctx, j.QueryURL, id, callSpans)
		return seenByJaeger(tr), err
	}
	s.stored = (&site{query: j.QueryURL}).stored
	return s
}

// inZipkin starts Zipkin.
func inZipkin(t *testing.T) *system {
	t.Helper()
	z := stores.Zipkin(t)
	return &system{
		flags: []string{"--tracer", "zipkin", "--collector-endpoint", z.SpansURL()},
		query: z.URL, post: z.SpansURL(),
		tree: treeOf("zipkin", "zipkin"), kill: z.Kill, restart: z.Start,
		read: func(ctx context.Context, id trace.TraceID) ([]spanSeen, error) {
			spans, err := wire.ReadZipkin(ctx, z.URL, id.String())
			return seenByZipkin(spans), err
		},
		stored: func(t *testing.T) tally {
			t.Helper()
			spans, err := wire.ZipkinTraces(t.Context(), z.URL)
			if err != nil {
				t.Fatal(err)
			}
			return count(seenByZipkin(spans))
		},
	}
}

// inAppdash starts Appdash.
func inAppdash(t *testing.T) *system {
	t.Helper()
	a := jaegers.StartAppdash(t)
	return &system{
		flags: []string{"--tracer", "appdash", "--collector-endpoint", a.CollectorURL},
		tree:  callTree, kill: a.Kill,
		read: func(ctx context.Context, id trace.TraceID) ([]spanSeen, error) {
			spans, err := wire.ReadAppdash(ctx, a.URL)
			spans = slices.DeleteFunc(spans, func(s wire.AppdashSpan) bool { return s.ID.Trace != id.String() })
			return seenByAppdash(spans), err
		},
		stored: func(t *testing.T) tally {
			t.Helper()
			spans, err := wire.ReadAppdash(t.Context(), a.URL)
			if err != nil {
				t.Fatal(err)
			}
			return count(seenByAppdash(spans))
		},
	}
}

// soonVariable has spans go out soon.
const soonVariable = "OTDEMO_REPORTER_FLUSH_INTERVAL=50ms"

// serve starts the server that is called.
func (s *system) serve(t *testing.T) *serving {
	t.Helper()
	at := &site{query: s.query, send: s.flags}
	return &serving{site: at, program: at.serve(t, soonVariable)}
}

// checkTrace makes one call, and expects its trace whole.
func (s *system) checkTrace(t *testing.T, serving *serving) {
	t.Helper()
	called := run(t, 0, slices.Concat([]string{"call", serving.server}, s.flags)...)
	id := traceID(t, called.Stdout)
	spans := poll(t, callSpans, func(ctx context.Context) ([]spanSeen, error) { return s.read(ctx, id) })
	if diff := gocmp.Diff(s.tree, draw(spans)); diff != "" {
		t.Errorf("trace %s (-want +got):\n%s", id, diff)
	}
	if called.Stderr != "" {
		t.Errorf("call printed on stderr:\n%s", called.Stderr)
	}
}

// checkDoctor expects that check-jaeger finds nothing wrong.
func (s *system) checkDoctor(t *testing.T) {
	t.Helper()
	if s.query == "" {
		return
	}
	got := check(t, 0, slices.Concat(s.flags, []string{"--query-url", s.query})...).Verdict
	if got.Answer != "yes" || got.Warnings > 0 {
		t.Errorf("check-jaeger: got %+v, want yes without a warning", got)
	}
}

// checkLedger makes a load run that reads all its traces back.
func (s *system) checkLedger(t *testing.T, serving *serving) {
	t.Helper()
	if s.query == "" {
		return
	}
	const calls = 200
	got := serving.load(t, nil, "-n", strconv.Itoa(calls), "-c", "4").wait(t).Ledger
	got.checkMade(t, calls)
	got.checkStored(t, tally{Client: clientSpans * calls, Server: serverSpans * calls})
	got.checkHops(t, map[string]int64{})
}
