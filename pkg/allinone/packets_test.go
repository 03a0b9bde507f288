package allinone

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	otlog "github.com/opentracing/opentracing-go/log"
	"sourcegraph.com/sourcegraph/appdash"
	appdashtracer "sourcegraph.com/sourcegraph/appdash/opentracing"

	appdashreceiver "github.com/otdemo/otdemo/pkg/allinone/appdash"
	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/loss"
)

// remoteCollector is Appdash's own client of a backend.
func remoteCollector(tb testing.TB, b *Backend) *appdash.RemoteCollector {
	tb.Helper()
	c := appdash.NewRemoteCollector(b.Addrs()[Appdash])
	c.Log = log.New(io.Discard, "", 0)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// spanTree makes a trace of two spans with Appdash's OpenTracing tracer.
func spanTree(collector appdash.Collector) {
	tracer := appdashtracer.NewTracerWithOptions(collector, appdashtracer.Options{
		ShouldSample: func(uint64) bool { return true },
		Logger:       log.New(io.Discard, "", 0),
	})
	root := tracer.StartSpan("root", opentracing.Tag{Key: "service", Value: "svc"})
	child := tracer.StartSpan("child", opentracing.ChildOf(root.Context()), ext.SpanKindRPCClient)
	child.SetBaggageItem("user", "me")
	child.LogFields(otlog.String("event", "retry"), otlog.Int("n", 2))
	ext.Error.Set(child, true)
	child.Finish()
	root.Finish()
}

// What Appdash's own clients send comes back as traces: in packets of an annotation
// each, over one connection or several, and in packets of a whole span.
func TestAppdashClients(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		send func(*testing.T, *Backend)
	}{
		{"annotation by annotation", func(t *testing.T, b *Backend) { t.Helper(); spanTree(remoteCollector(t, b)) }},
		{"in chunks", func(t *testing.T, b *Backend) {
			t.Helper()
			chunked := &appdash.ChunkedCollector{Collector: remoteCollector(t, b), MinInterval: time.Hour}
			spanTree(chunked)
			if err := chunked.Flush(); err != nil {
				t.Fatal(err)
			}
			chunked.Stop()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{})
			tt.send(t, b)
			waitFor(t, b, func(s loss.Account) bool { return s.Listeners[Appdash].Spans == 2 })
			checkSpanTree(t, b)
			if s := b.Stats(); !s.Lossless() || s.Listeners[Appdash].Parts.Open != 0 || s.Listeners[Appdash].Parts.Untimed != 0 {
				t.Errorf("got stats %+v, want no loss and no open spans", s.Listeners[Appdash])
			}
		})
	}
}

func checkSpanTree(t *testing.T, b *Backend) {
	t.Helper()
	got := traces(t, b, "/api/traces?service=svc")
	if len(got) != 1 || len(got[0].Spans) != 2 {
		t.Fatalf("got %+v, want one trace of two spans", got)
	}
	root, child := &got[0].Spans[0], &got[0].Spans[1]
	if root.Operation != "root" {
		root, child = child, root
	}
	if root.Operation != "root" || root.ParentID() != 0 || root.Service() != "svc" || root.Duration <= 0 {
		t.Errorf("got root %+v", root)
	}
	if child.Operation != "child" || child.ParentID() != root.SpanID || child.Service() != "appdash" || !child.Failed() {
		t.Errorf("got child %+v", child)
	}
	for key, want := range map[string]string{"span.kind": "client", "user": "me"} {
		if v, _ := child.Tag(key); v.String() != want {
			t.Errorf("got tag %s %q, want %q", key, v, want)
		}
	}
	if len(child.Logs) != 1 || len(child.Logs[0].Fields) != 2 || child.Logs[0].Fields[0].Value.String() != "retry" {
		t.Errorf("got logs %+v, want the event retry and a number", child.Logs)
	}
	if len(root.Warnings)+len(child.Warnings) > 0 {
		t.Errorf("got warnings %q, %q", root.Warnings, child.Warnings)
	}
}

// The parts of a span may come over two connections, as after Appdash's client has
// connected anew.
func TestPartsOverTwoConnections(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	id := appdash.SpanID{Trace: 1, Span: 2}
	first, second := remoteCollector(t, b), remoteCollector(t, b)
	collect(t, first, id, appdash.SpanName("op"))
	waitFor(t, b, func(s loss.Account) bool { return s.Listeners[Appdash].Parts.Open == 1 })
	collect(t, second, id, appdash.Timespan{S: time.Now(), E: time.Now()})
	waitFor(t, b, func(s loss.Account) bool { return s.Spans == 1 })
	if got := traces(t, b, "/api/traces/1"); got[0].Spans[0].Operation != "op" {
		t.Errorf("got %+v, want the name of the first part", got[0].Spans[0])
	}
}

func collect(tb testing.TB, c appdash.Collector, id appdash.SpanID, e appdash.Event) {
	tb.Helper()
	annotations, err := appdash.MarshalEvent(e)
	if err == nil {
		err = c.Collect(id, annotations...)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// Close reads out what clients have sent, and stores spans whose times are missing,
// though the clients keep their connections.
func TestCloseReadsOutPackets(t *testing.T) {
	t.Parallel()
	const clients, each = 4, 500
	b := start(t, Options{})
	var sending sync.WaitGroup
	for n := range clients {
		c := remoteCollector(t, b)
		sending.Go(func() {
			for i := range each {
				id := appdash.SpanID{Trace: appdash.ID(n + 1), Span: appdash.ID(i + 1)}
				annotations, _ := appdash.MarshalEvent(appdash.Timespan{S: time.Now(), E: time.Now()})
				if i == 0 {
					annotations = nil
				}
				if err := c.Collect(id, annotations...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sending.Wait()
	closeBackend(t, b)
	s := b.Stats()
	if got, want := s.Spans, int64(clients*each); got != want {
		t.Errorf("got %d spans, want %d", got, want)
	}
	if got := s.Listeners[Appdash].Parts.Untimed; got != clients {
		t.Errorf("got %d spans without times, want %d", got, clients)
	}
}

// framed puts the length before a packet.
func framed(packet []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(packet))), packet...)
}

// What is no packet is counted by what it is, harms nobody else, and ends the
// connection when it cannot be told where the next packet begins.
func TestHostilePackets(t *testing.T) {
	t.Parallel()
	// group 1 with trace, span and parent of 1
	good := "\x0b\x11\x01\x00\x00\x00\x00\x00\x00\x00\x19\x01\x00\x00\x00\x00\x00\x00\x00\x0c"
	one := string(framed([]byte(good)))
	tests := []struct {
		name, text string
		want       ingest.Reason
		left       bool // the connection stays open
	}{
		{"HTTP", "POST /api/v2/spans HTTP/1.1\r\nHost: x\r\n\r\n[]", ingest.HTTP, false},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ingest.TLS, false},
		{"gRPC", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ingest.HTTP2, false},
		{"text", "hello there", ingest.Malformed, false},
		{"a packet of a terabyte", "\xff\xff\xff\xff\xff\x1f" + good, ingest.TooLarge, false},
		{"a length without end", strings.Repeat("\xff", 20), ingest.Unreadable, false},
		{"the first one empty", "\x00" + one, ingest.Incomplete, false},
		{"an empty one later", one + "\x00" + one, ingest.Incomplete, true},
		{"a malformed one later", one + string(framed([]byte("\x07"))) + one, ingest.Malformed, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{})
			conn := dialTo(t, b, "tcp", Appdash)
			send(t, conn, []byte(tt.text))
			if tt.left {
				waitFor(t, b, func(s loss.Account) bool { return s.Listeners[Appdash].Parts.Open == 1 && s.UndecodableTotal() == 1 })
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the connection ended with %v, want it broken", err)
			}
			if got := b.Stats().Listeners[Appdash].Undecodable; got[string(tt.want)] != 1 || len(got) != 1 {
				t.Errorf("got rejects %v, want one of %s", got, tt.want)
			}
			spanTree(remoteCollector(t, b))
			waitFor(t, b, func(s loss.Account) bool { return s.Spans == 2 })
		})
	}
}

// A client that ends its side learns by the end of the other that all is stored.
func TestPacketsAreAcknowledged(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	conn := dialTo(t, b, "tcp", Appdash)
	for span := range 100 {
		id := binary.LittleEndian.AppendUint64([]byte("\x0b\x11\x01\x00\x00\x00\x00\x00\x00\x00\x19"), uint64(span+1))
		send(t, conn, framed(append(id, "\x0c\x2b\x32\x10_schema:Timespan\x2c"...)))
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended with %v, want its end", err)
	}
	if got := b.Stats().Store.Spans; got != 100 {
		t.Errorf("got %d spans, want 100", got)
	}
}

// A connection that ends within a packet loses that one, and it is counted.
func TestPacketCutShort(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	conn := dialTo(t, b, "tcp", Appdash)
	send(t, conn, []byte("\x15\x0b\x11"))
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, b, func(s loss.Account) bool { return s.Listeners[Appdash].Undecodable[string(ingest.Truncated)] == 1 })
}

// Connections are bounded; those beyond are closed at once and counted, and there
// is room again when others end.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	const maxConns = 1000
	b := start(t, Options{})
	conns := make([]net.Conn, maxConns)
	for i := range conns {
		conns[i] = dialTo(t, b, "tcp", Appdash)
	}
	if err := oneSpan(b); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("a connection beyond the bound ended with %v, want it reset", err)
	}
	waitFor(t, b, func(s loss.Account) bool { return s.Listeners[Appdash].Undecodable[string(ingest.Busy)] == 1 })
	_ = conns[0].Close()
	waitFor(t, b, func(loss.Account) bool { return oneSpan(b) == nil })
}

// oneSpan sends a span over a connection of its own, and returns nil when it was
// stored.
func oneSpan(b *Backend) error {
	conn, err := net.Dial("tcp", b.Addrs()[Appdash])
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(framed([]byte("\x0b\x11\x01\x00\x00\x00\x00\x00\x00\x00\x19\x01\x00\x00\x00\x00\x00\x00\x00\x0c"))); err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// Appdash's packets on a port for HTTP are known for what they are, and the log
// says where to send them.
func TestAppdashOnAnotherPort(t *testing.T) {
	t.Parallel()
	var book logBook
	b := start(t, Options{Logger: book.logger()})
	collector := appdash.NewRemoteCollector(b.Addrs()[Zipkin])
	t.Cleanup(func() { _ = collector.Close() })
	collect(t, collector, appdash.SpanID{Trace: 1, Span: 2}, appdash.SpanName(strings.Repeat("long", 100)))
	waitFor(t, b, func(s loss.Account) bool {
		return s.Listeners[Zipkin].Undecodable[string(appdashreceiver.Foreign)] == 1
	})
	lines := book.lines(t, "no batch of spans")
	if len(lines) != 1 || lines[0]["send_to"] != b.Addrs()[Appdash] {
		t.Errorf("got log lines %v, want one that says %s", lines, b.Addrs()[Appdash])
	}
}

// The metrics tell of spans that came without their times.
func TestPartsInMetrics(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	collect(t, remoteCollector(t, b), appdash.SpanID{Trace: 1, Span: 2}, appdash.SpanName("op"))
	waitFor(t, b, func(s loss.Account) bool { return s.Listeners[Appdash].Parts.Open == 1 })
	out := request(t, b, Health, "GET", "/metrics", nil).Body
	for _, want := range []string{"spans_open", "spans_untimed_total"} {
		n := 1
		if want != "spans_open" {
			n = 0
		}
		if line := fmt.Sprintf("otdemo_allinone_%s{listener=\"appdash\"} %d\n", want, n); !strings.Contains(out, line) {
			t.Errorf("no %q in:\n%s", line, out)
		}
	}
}
