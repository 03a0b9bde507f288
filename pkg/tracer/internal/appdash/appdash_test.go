package appdash_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/opentracing/opentracing-go/mocktracer"
	"sourcegraph.com/sourcegraph/appdash"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

func appdashConfig(address string) config.Config {
	cfg := testkit.ZipkinConfig("tcp://" + address)
	cfg.Tracer = config.TracerAppdash
	return cfg
}

// storeAppdash is Appdash's collector with its own store.
func storeAppdash(t *testing.T, listener net.Listener) (address string, store *appdash.MemoryStore) {
	t.Helper()
	store = appdash.NewMemoryStore()
	return testkit.StartAppdash(t, listener, false, store.Collect), store
}

func TestAppdashSpan(t *testing.T) {
	t.Parallel()
	address, store := storeAppdash(t, testkit.ListenTCP(t))
	cfg := appdashConfig(address)
	cfg.Tags = []config.Tag{{Name: "region", Value: "north"}, {Name: "color", Value: "red"}}
	tr, _ := tracertest.New(t, cfg)
	if want := "tcp://" + address; tr.Target() != want {
		t.Errorf("target: got %q, want %q", tr.Target(), want)
	}
	root := tr.StartSpan("call")
	root.SetBaggageItem("user", "ann")
	start := time.Now()
	child := tr.StartSpan("HTTP GET", opentracing.ChildOf(root.Context()), opentracing.StartTime(start), ext.SpanKindRPCClient)
	child.SetTag("color", "blue")
	child.LogFields(log.String("event", "GetConn"))
	child.FinishWithOptions(opentracing.FinishOptions{FinishTime: start.Add(time.Second)})
	root.Finish()
	root.Finish() // as nethttp does when a body is closed twice
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Finished != 2 || s.Sent != 2 {
		t.Errorf("got %+v, want 2 sent", s)
	}

	id, sampled := tr.TraceID(child.Context())
	traceID, err := appdash.ParseID(id)
	if err != nil || !sampled || len(id) != 16 {
		t.Fatalf("got trace id %q, %v, %v", id, sampled, err)
	}
	trace, err := store.Trace(traceID)
	if err != nil {
		t.Fatal(err)
	}
	if len(trace.Sub) != 1 || trace.Sub[0].ID.Parent != trace.ID.Span || !trace.ID.IsRoot() {
		t.Fatalf("got %v, want a root with one child", trace)
	}
	got := trace.Sub[0].StringMap()
	for key := range got {
		if strings.HasPrefix(key, "_schema:") || key == "Time" {
			delete(got, key)
		}
	}
	want := map[string]string{
		"Name": "HTTP GET", "service": "shop", "region": "north", "color": "blue", "span.kind": "client",
		"user": "ann", "Msg": "GetConn",
		"Span.Start": start.Format(time.RFC3339Nano), "Span.End": start.Add(time.Second).Format(time.RFC3339Nano),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	n := 0
	for _, a := range trace.Annotations {
		if a.Key == "Name" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the root was recorded %d times", n)
	}
}

func TestAppdashErrors(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"http://localhost:7701":    `reporter.collector.endpoint must be tcp://host:port with tracer appdash, got "http://localhost:7701"`,
		"tcp://localhost":          `reporter.collector.endpoint must be tcp://host:port with tracer appdash, got "tcp://localhost"`,
		"localhost:7701":           `reporter.collector.endpoint must be tcp://host:port with tracer appdash, got "localhost:7701"`,
		"tcp://ann:s3cret@host:x/": `reporter.collector.endpoint is no URL, got "tcp://host:x/": invalid port ":x" after host`,
	} {
		cfg := appdashConfig("")
		cfg.Reporter.Collector.Endpoint = endpoint
		if _, err := tracer.New(cfg, tracer.Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: got error %v, want %s", endpoint, err, want)
		}
	}
}

func TestAppdashTraceID(t *testing.T) {
	t.Parallel()
	address, _ := storeAppdash(t, testkit.ListenTCP(t))
	tr, _ := tracertest.New(t, appdashConfig(address))
	foreign := mocktracer.New().StartSpan("work").Context()
	for _, sc := range []opentracing.SpanContext{nil, foreign} {
		if id, sampled := tr.TraceID(sc); id != "" || sampled {
			t.Errorf("context %v: got %q, %v", sc, id, sampled)
		}
	}
	// basictracer would panic at it.
	span := tr.StartSpan("work", opentracing.ChildOf(foreign))
	defer span.Finish()
	if id, sampled := tr.TraceID(span.Context()); len(id) != 16 || !sampled {
		t.Errorf("got %q, %v", id, sampled)
	}
}

// A field of the application that panics costs one span.
func TestAppdashPanickingField(t *testing.T) {
	t.Parallel()
	address, _ := storeAppdash(t, testkit.ListenTCP(t))
	tr, l := tracertest.New(t, appdashConfig(address))
	span := tr.StartSpan("work")
	span.LogFields(log.Lazy(func(log.Encoder) { panic("oops") }))
	span.Finish()
	testkit.MakeSpans(tr, 2)
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Failed != 1 || s.Sent != 2 || s.Finished != 3 {
		t.Errorf("got %+v, want 1 failed and 2 sent", s)
	}
	l.Want(t, "level=WARN", `msg="span not encoded"`, "panicked: oops")
}

// Appdash's collector ends a connection at a packet that is too large for it,
// so that none is sent.
func TestAppdashLargeSpans(t *testing.T) {
	t.Parallel()
	address, store := storeAppdash(t, testkit.ListenTCP(t))
	cfg := appdashConfig(address)
	tr, _ := tracertest.New(t, cfg)
	var kept opentracing.SpanContext
	for _, size := range []int{1<<20 - 1000, 1 << 20, 600_000} {
		span := tr.StartSpan("large").SetTag("payload", strings.Repeat("x", size))
		if size < 1<<20 {
			kept = span.Context()
		}
		span.Finish()
	}
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Sent != 2 || s.TooLarge != 1 {
		t.Errorf("got %+v, want 2 sent and 1 too large", s)
	}
	id, _ := tr.TraceID(kept)
	traceID, _ := appdash.ParseID(id)
	if trace, err := store.Trace(traceID); err != nil || len(trace.StringMap()["payload"]) != 600_000 {
		t.Errorf("the last span is not stored: %v", err)
	}
}

// Appdash's page beside its collector answers in HTTP.
func TestAppdashWrongPort(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	tr, l := tracertest.New(t, appdashConfig(page.Listener.Addr().String()))
	testkit.MakeSpans(tr, 3)
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Failed != 3 {
		t.Errorf("got %+v, want 3 failed", s)
	}
	l.Want(t, "level=WARN", "no Appdash collector", "400 Bad Request", "spans=3")
}

// Spans made while the collector is away arrive when it is back.
func TestAppdashRestart(t *testing.T) {
	t.Parallel()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(testkit.ClosedPort(t)))
	cfg := appdashConfig(address)
	cfg.Reporter.FlushInterval = 5 * time.Millisecond
	const made = 300
	tr, _ := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, made)
	testkit.Eventually(t, "the batch", func() bool { return tr.Stats().Queued == made })
	again, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	_, store := storeAppdash(t, again)
	testkit.Eventually(t, "sent", func() bool { return tr.Stats().Sent == made })
	traces, err := store.Traces(appdash.TracesOpts{})
	if err != nil || len(traces) != made {
		t.Errorf("got %d traces in the store, %v, want %d", len(traces), err, made)
	}
}

func TestAppdashLogSpans(t *testing.T) {
	t.Parallel()
	address, _ := storeAppdash(t, testkit.ListenTCP(t))
	cfg := appdashConfig(address)
	cfg.Reporter.LogSpans = true
	tr, l := tracertest.New(t, cfg)
	span := tr.StartSpan("work")
	span.Finish()
	id, _ := tr.TraceID(span.Context())
	l.Want(t, "level=INFO", `msg="span finished"`, "operation=work", "trace_id="+id)
}
