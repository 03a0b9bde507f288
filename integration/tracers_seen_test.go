package integration

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openzipkin/zipkin-go/model"

	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// callSpans are made for each call of serve's "/".
const callSpans = clientSpans + serverSpans

// callTree is the trace of such a call.
const callTree = `otdemo-client call
  otdemo-client HTTP Client
    otdemo-client HTTP GET client 200
      otdemo-server HTTP GET /gettime server 200
    otdemo-client HTTP GET client 301
      otdemo-server HTTP GET / server 301
`

// treeOf returns callTree as these tracers make it: zipkin-go writes all operations
// in lower case.
func treeOf(calling, serving string) string {
	var b strings.Builder
	for line := range strings.Lines(callTree) {
		made := calling
		if strings.Contains(line, "otdemo-server") {
			made = serving
		}
		if made == "zipkin" {
			line = strings.ToLower(line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// spanSeen is what all tracing systems have of a span.
type spanSeen struct {
	// ID and Parent are hexadecimal digits; a root's Parent is "".
	ID, Parent                       string
	Service, Operation, Kind, Status string
}

// String returns the words of the span that say something.
func (s spanSeen) String() string {
	words := []string{s.Service, s.Operation, s.Kind, s.Status}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// draw returns a trace as a tree, each span below its parent and those of one parent
// in the order of their words. What hangs below no span of the trace, or in a circle,
// stands behind the line "lost".
func draw(spans []spanSeen) string {
	known := make(map[string]bool)
	for _, s := range spans {
		known[s.ID] = true
	}
	below := make(map[string][]spanSeen)
	for _, s := range spans {
		if s.Parent != "" && !known[s.Parent] {
			s.Parent = "lost"
		}
		below[s.Parent] = append(below[s.Parent], s)
	}
	var b strings.Builder
	var add func(parent, indent string)
	add = func(parent, indent string) {
		children := below[parent]
		delete(below, parent) // a circle ends here
		slices.SortFunc(children, func(a, b spanSeen) int { return cmp.Compare(a.String(), b.String()) })
		for _, s := range children {
			b.WriteString(indent + s.String() + "\n")
			add(s.ID, indent+"  ")
		}
	}
	add("", "")
	if len(below) > 0 {
		b.WriteString("lost\n")
		add("lost", "  ")
	}
	for parent := range below { // circles
		add(parent, "  ")
	}
	return b.String()
}

// count counts spans by who made them, which all but the root's child tell by kind.
func count(spans []spanSeen) tally {
	var n tally
	for _, s := range spans {
		if s.Kind == "server" {
			n.Server++
		} else {
			n.Client++
		}
	}
	return n
}

// seenByJaeger returns the spans of a trace that Jaeger has.
func seenByJaeger(tr trace.Trace) []spanSeen {
	var all []spanSeen
	for i := range tr.Spans {
		s := &tr.Spans[i]
		one := spanSeen{ID: s.SpanID.String(), Service: s.Service(), Operation: s.Operation}
		if s.ParentID() != 0 {
			one.Parent = s.ParentID().String()
		}
		for _, tag := range s.Tags {
			switch tag.Key {
			case "span.kind":
				one.Kind = strings.Replace(tag.Value.String(), "internal", "", 1)
			case "http.status_code":
				one.Status = tag.Value.String()
			}
		}
		all = append(all, one)
	}
	return all
}

// seenByZipkin returns spans that Zipkin has.
func seenByZipkin(spans []model.SpanModel) []spanSeen {
	var all []spanSeen
	for i := range spans {
		s := &spans[i]
		one := spanSeen{
			ID: s.ID.String(), Operation: s.Name,
			Kind: strings.ToLower(string(s.Kind)), Status: s.Tags["http.status_code"],
		}
		if s.LocalEndpoint != nil {
			one.Service = s.LocalEndpoint.ServiceName
		}
		if s.ParentID != nil {
			one.Parent = s.ParentID.String()
		}
		if s.Shared { // the server's half of its client's span
			one.ID, one.Parent = one.ID+" shared", one.ID
		}
		all = append(all, one)
	}
	return all
}

// seenByAppdash returns spans that Appdash has.
func seenByAppdash(spans []wire.AppdashSpan) []spanSeen {
	var all []spanSeen
	for i := range spans {
		s := &spans[i]
		one := spanSeen{
			ID: s.ID.Span, Service: s.Value("service"), Operation: s.Value("Name"),
			Kind: s.Value("span.kind"), Status: s.Value("http.status_code"),
		}
		if strings.Trim(s.ID.Parent, "0") != "" {
			one.Parent = s.ID.Parent
		}
		all = append(all, one)
	}
	return all
}

// poll asks until there are enough spans or the time is up, and returns what came
// last.
func poll(t *testing.T, enough int, ask func(context.Context) ([]spanSeen, error)) []spanSeen {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		spans, err := ask(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(spans) >= enough {
			return spans
		}
		select {
		case <-ctx.Done():
			return spans
		case <-tick.C:
		}
	}
}
