package comparison

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/internal/golden"
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/printable/printabletest"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/report/terminal"
	"github.com/otdemo/otdemo/pkg/trace"
)

// storedSide returns a trace as a real Jaeger 2.13 returned it.
func storedSide(t *testing.T, tracer, answer string) compare.Side {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "compare", "testdata", tracer+"-2.13.json"))
	if err != nil {
		t.Fatal(err)
	}
	traces, _, err := trace.DecodeTraces(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return compare.Side{Tracer: tracer, Trace: traces[0], Traits: []compare.Trait{
		{ID: "jaeger-debug-id", Answer: answer},
	}}
}

// traceURL returns the URL of a trace's page.
func traceURL(t *testing.T) func(trace.TraceID) string {
	t.Helper()
	reader, err := query.New("http://localhost:16686", query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return reader.TraceURL
}

func text(opts terminal.Options) func(io.Writer, *Comparison) error {
	return func(w io.Writer, c *Comparison) error { return WriteText(w, opts, c) }
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		write func(io.Writer, *Comparison) error
		// to is the second side, ignore the ids of the ignored differences.
		to     string
		ignore []string
		own    bool
	}{
		{name: "text", write: text(terminal.Options{}), to: "otel", ignore: []string{"tag:sampler.*"}, own: true},
		{name: "text-color", write: text(terminal.Options{Color: true}), to: "otel", ignore: []string{"process"}},
		{name: "alike", write: text(terminal.Options{}), to: "jaeger", own: true},
		{name: "ignored", write: text(terminal.Options{}), to: "otel", ignore: []string{"*"}},
		{name: "json", write: WriteJSON, to: "otel", ignore: []string{"process"}, own: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]string{"jaeger": "is traced", "otel": "is a request like any other"}
			report := compare.Traces(storedSide(t, "jaeger", answers["jaeger"]), storedSide(t, tt.to, answers[tt.to]), compare.NewIgnore(tt.ignore))
			var got bytes.Buffer
			err := tt.write(&got, &Comparison{Report: report, URL: "http://localhost:8000/", OwnServer: tt.own, TraceURL: traceURL(t)})
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", tt.name+".txt"), got.String())
		})
	}
}

func TestHostileComparison(t *testing.T) {
	t.Parallel()
	const hostileText = printabletest.Hostile
	hostile := func(id trace.SpanID) compare.Side {
		side := compare.Side{Tracer: "jaeger", Trace: trace.Trace{
			Spans: []trace.Span{{
				SpanID: id, Operation: hostileText, Process: &trace.Process{Service: hostileText},
				Tags: []trace.Tag{{Key: hostileText, Value: trace.String(fmt.Sprint(hostileText, id))}},
			}},
			Warnings: []string{hostileText},
		}}
		side.Traits = []compare.Trait{{ID: "baggage", Answer: fmt.Sprint(hostileText, id)}}
		return side
	}
	report := compare.Traces(hostile(1), hostile(2), compare.NewIgnore(nil))
	for i := range report.Differences {
		d := &report.Differences[i]
		d.Note, d.Spans = hostileText, append(d.Spans, hostileText)
	}
	for form, write := range map[string]func(io.Writer, *Comparison) error{"text": text(terminal.Options{}), "json": WriteJSON} {
		var out bytes.Buffer
		if err := write(&out, &Comparison{Report: report, URL: hostileText, TraceURL: traceURL(t)}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "PWNED") {
			t.Errorf("%s: nothing is shown", form)
		}
		printabletest.Check(t, out.String())
	}
}
