package waterfall

import (
	"bytes"
	"cmp"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/internal/golden"
	"github.com/otdemo/otdemo/pkg/report/terminal"
	"github.com/otdemo/otdemo/pkg/trace"
)

var t0 = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// sample is the trace of one `otdemo call`: the top-level span, the client's
// request with its two hops, and the server's two answers, the last one failed.
func sample() trace.Trace {
	client, server := &trace.Process{Service: "otdemo-client"}, &trace.Process{Service: "otdemo-server"}
	id := trace.TraceID{Low: 0x4d2f}
	span := func(own, parent trace.SpanID, p *trace.Process, op string, at, took time.Duration) trace.Span {
		s := trace.Span{TraceID: id, SpanID: own, Operation: op, Start: t0.Add(at), Duration: took, Process: p}
		if parent != 0 {
			s.References = []trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: parent}}
		}
		return s
	}
	us, ms := time.Microsecond, time.Millisecond
	t := trace.Trace{ID: id, Spans: []trace.Span{
		span(6, 5, server, "HTTP GET /gettime", 1500*us, 300*us),
		span(1, 0, client, "call", 0, 2*ms),
		span(2, 1, client, "HTTP Client", 20*us, 1950*us),
		span(3, 2, client, "HTTP GET", 30*us, 1000*us),
		span(4, 3, server, "HTTP GET /", 600*us, 9*us),
		span(5, 2, client, "HTTP GET", 1100*us, 850*us),
	}}
	t.Spans[0].Tags = []trace.Tag{{Key: "error", Value: trace.Bool(true)}}
	return t
}

func TestWaterfall(t *testing.T) {
	t.Parallel()
	broken := sample()
	broken.Spans[2].References[0].SpanID = 0x99
	broken.Spans[2].Operation = "evil\x1b[2J\nname"
	broken.Spans[2].Warnings = []string{"clock skew"}
	broken.Warnings = []string{"trace is odd"}
	long := sample()
	long.Spans[2].Operation = strings.Repeat("long ", 30)
	tests := map[string]struct {
		trace trace.Trace
		opts  terminal.Options
		limit int
	}{
		"call":   {trace: sample(), opts: terminal.Options{}},
		"ascii":  {trace: sample(), opts: terminal.Options{Width: 80, ASCII: true}},
		"color":  {trace: sample(), opts: terminal.Options{Width: 80, Color: true}},
		"broken": {trace: broken, opts: terminal.Options{Width: 80}},
		"narrow": {trace: long, opts: terminal.Options{Width: 60}, limit: 4},
		"empty":  {trace: trace.Trace{ID: trace.TraceID{Low: 1}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var buf bytes.Buffer
			if err := write(&buf, tt.opts, &tt.trace, cmp.Or(tt.limit, maxSpans)); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", name+".txt"), buf.String())
		})
	}
}

// A chain is as deep as it is long. Drawn with an indentation a level, this one
// would take 15 GB.
func TestWaterfallOfALongChain(t *testing.T) {
	t.Parallel()
	const n = 100_000
	tr := trace.Trace{ID: trace.TraceID{Low: 1}, Spans: make([]trace.Span, n)}
	for i := range tr.Spans {
		s := trace.Span{TraceID: tr.ID, SpanID: trace.SpanID(i + 1), Start: t0, Duration: time.Second}
		if i > 0 {
			s.References = []trace.Reference{{TraceID: tr.ID, SpanID: trace.SpanID(i)}}
		}
		tr.Spans[i] = s
	}
	var all, some bytes.Buffer
	if err := write(&all, terminal.Options{}, &tr, n); err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(all.Bytes(), []byte("\n")); got != n+1 || all.Len() > n*1000 {
		t.Errorf("%d lines of %d bytes, want %d lines of less than 1000 bytes each", got, all.Len(), n+1)
	}
	if err := write(&some, terminal.Options{}, &tr, 10); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(some.String(), "\n"); got != 12 || !strings.HasSuffix(some.String(), "(99990 spans not shown)\n") {
		t.Errorf("%d lines, want the head, 10 spans and what is not shown:\n%s", got, some.String())
	}
}

// Whatever can be decoded can be drawn.
func FuzzWrite(f *testing.F) {
	var buf bytes.Buffer
	if err := trace.EncodeTraces(&buf, []trace.Trace{sample()}, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add([]byte(`{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"1","parentSpanID":"1"}]}]}`))
	f.Add([]byte(`{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"1","duration":100},{"traceID":"1","spanID":"2","startTime":50,"duration":-20}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		traces, _, err := trace.DecodeTraces(bytes.NewReader(body))
		if err != nil {
			return
		}
		for i := range traces {
			if err := Write(&bytes.Buffer{}, terminal.Options{}, &traces[i]); err != nil {
				t.Fatalf("draw what was decoded: %v", err)
			}
		}
	})
}
