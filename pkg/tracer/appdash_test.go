package tracer

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
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
)

func appdashConfig(address string) config.Config {
	cfg := zipkinConfig("tcp://" + address)
	cfg.Tracer = config.TracerAppdash
	return cfg
}

// storeAppdash is Appdash's collector with its own store.
func storeAppdash(t *testing.T, listener net.Listener) (address string, store *appdash.MemoryStore) {
	t.Helper()
	store = appdash.NewMemoryStore()
	return startAppdash(t, listener, false, store.Collect), store
}

func TestAppdashSpan(t *testing.T) {
	t.Parallel()
	address, store := storeAppdash(t, listenTCP(t))
	cfg := appdashConfig(address)
	cfg.Tags = []config.Tag{{Name: "region", Value: "north"}, {Name: "color", Value: "red"}}
	tr, _ := newTracer(t, cfg)
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
	closeTracer(t, tr)
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

// The packets are those of Appdash's own client.
func TestAppdashPacket(t *testing.T) {
	t.Parallel()
	id := appdash.SpanID{Trace: 1, Span: 1<<64 - 1, Parent: 1 << 32}
	list := []appdash.Annotation{
		{Key: "", Value: nil}, {Key: "key", Value: []byte{0, 255}}, {Key: "long", Value: make([]byte, 70_000)},
	}
	listener := listenTCP(t)
	client := appdash.NewRemoteCollector(listener.Addr().String())
	if err := client.Collect(id, list...); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	// Its encoder leaves out a value that is nil, and keeps an empty one.
	list[0].Value = []byte{}
	got := appendAppdashPacket([]byte("before"), id, list)
	const groupStart = packetAnnotation<<3 | 3
	empty := []byte{groupStart, annotationKey<<3 | 2, 0, annotationValue<<3 | 2, 0}
	if i := slices.Index(got, groupStart); !strings.HasPrefix(string(got[i:]), string(empty)) {
		t.Errorf("got %x, want an empty annotation first", got[i:i+10])
	}
	if diff := len(got) - len("before") - len(want); diff != 2 {
		t.Errorf("got %d bytes more than Appdash's client, want 2 for the empty value", diff)
	}
	if got, want := string(got[len(got)-70_020:]), string(want[len(want)-70_020:]); got != want {
		t.Error("the packet ends unlike that of Appdash's client")
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
		if _, err := New(cfg, Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: got error %v, want %s", endpoint, err, want)
		}
	}
}

func TestAppdashTraceID(t *testing.T) {
	t.Parallel()
	address, _ := storeAppdash(t, listenTCP(t))
	tr, _ := newTracer(t, appdashConfig(address))
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
	address, _ := storeAppdash(t, listenTCP(t))
	tr, l := newTracer(t, appdashConfig(address))
	span := tr.StartSpan("work")
	span.LogFields(log.Lazy(func(log.Encoder) { panic("oops") }))
	span.Finish()
	makeSpans(tr, 2)
	closeTracer(t, tr)
	if s := tr.Stats(); s.Failed != 1 || s.Sent != 2 || s.Finished != 3 {
		t.Errorf("got %+v, want 1 failed and 2 sent", s)
	}
	l.want(t, "level=WARN", `msg="span not encoded"`, "panicked: oops")
}

// Appdash's collector ends a connection at a packet that is too large for it,
// so that none is sent.
func TestAppdashLargeSpans(t *testing.T) {
	t.Parallel()
	address, store := storeAppdash(t, listenTCP(t))
	cfg := appdashConfig(address)
	tr, _ := newTracer(t, cfg)
	var kept opentracing.SpanContext
	for _, size := range []int{1<<20 - 1000, 1 << 20, 600_000} {
		span := tr.StartSpan("large").SetTag("payload", strings.Repeat("x", size))
		if size < 1<<20 {
			kept = span.Context()
		}
		span.Finish()
	}
	closeTracer(t, tr)
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
	tr, l := newTracer(t, appdashConfig(page.Listener.Addr().String()))
	makeSpans(tr, 3)
	closeTracer(t, tr)
	if s := tr.Stats(); s.Failed != 3 {
		t.Errorf("got %+v, want 3 failed", s)
	}
	l.want(t, "level=WARN", "no Appdash collector", "400 Bad Request", "spans=3")
}

// Spans made while the collector is away arrive when it is back.
func TestAppdashRestart(t *testing.T) {
	t.Parallel()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(closedPort(t)))
	cfg := appdashConfig(address)
	cfg.Reporter.FlushInterval = 5 * time.Millisecond
	const made = 300
	tr, _ := newTracer(t, cfg)
	makeSpans(tr, made)
	eventually(t, "the batch", func() bool { return tr.Stats().Queued == made })
	again, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	_, store := storeAppdash(t, again)
	eventually(t, "sent", func() bool { return tr.Stats().Sent == made })
	traces, err := store.Traces(appdash.TracesOpts{})
	if err != nil || len(traces) != made {
		t.Errorf("got %d traces in the store, %v, want %d", len(traces), err, made)
	}
}

func TestAppdashLogSpans(t *testing.T) {
	t.Parallel()
	address, _ := storeAppdash(t, listenTCP(t))
	cfg := appdashConfig(address)
	cfg.Reporter.LogSpans = true
	tr, l := newTracer(t, cfg)
	span := tr.StartSpan("work")
	span.Finish()
	id, _ := tr.TraceID(span.Context())
	l.want(t, "level=INFO", `msg="span finished"`, "operation=work", "trace_id="+id)
}
