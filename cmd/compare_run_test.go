package cmd

import (
	"errors"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/trace"
)

func TestCompareGrace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		timeout time.Duration
		given   bool
		want    time.Duration
	}{
		{defaultCallTimeout, false, 7 * time.Second},
		{3 * time.Second, true, 7 * time.Second}, // the timeout itself ends it before
		{30 * time.Second, true, 30 * time.Second},
	} {
		opts := &compareOptions{timeout: tt.timeout, timeoutGiven: tt.given}
		if got := opts.grace(); got != tt.want {
			t.Errorf("--timeout %s, given %t: got %s, want %s", tt.timeout, tt.given, got, tt.want)
		}
	}
}

// span returns a span of a service, the child of another one unless parent is 0.
func span(service string, id, parent trace.SpanID, kind string) trace.Span {
	s := trace.Span{SpanID: id, Process: &trace.Process{Service: service}}
	if kind != "" {
		s.Tags = []trace.Tag{{Key: "span.kind", Value: trace.String(kind)}}
	}
	if parent != 0 {
		s.References = []trace.Reference{{Type: trace.ChildOf, SpanID: parent}}
	}
	return s
}

func TestCompareSideSeenAndComplete(t *testing.T) {
	t.Parallel()
	own := []trace.Span{span("otdemo-client", 1, 0, ""), span("otdemo-client", 2, 1, "client")}
	with := func(more ...trace.Span) []trace.Span { return append(own[:2:2], more...) }
	for _, tt := range []struct {
		name           string
		spans          []trace.Span
		seen, complete bool
	}{
		{"nothing", nil, false, false},
		{"the caller alone", own, false, false},
		{"the caller in lower case", []trace.Span{span("OTDEMO-client", 1, 0, "")}, false, false},
		{"a service without a name", []trace.Span{own[0], {SpanID: 9}}, false, false},
		{"the service", with(span("shop", 3, 2, "server")), true, true},
		{"a service of the same name", with(span("otdemo-client", 3, 2, "server")), true, true},
		{"the same name and no kind", with(span("otdemo-client", 3, 2, "")), true, true},
		{"the service alone", []trace.Span{span("shop", 3, 2, "server")}, true, false},
		{"a span below the answer", with(span("shop", 4, 3, "")), true, false},
		{"the next service is late", with(span("shop", 3, 2, "server"), span("shop", 4, 3, "client")), true, false},
		{"the next service too", with(span("shop", 3, 2, "server"), span("shop", 4, 3, "client"), span("stock", 5, 4, "server")), true, true},
	} {
		side := &compareSide{service: "otdemo-client", own: 2}
		tr := &trace.Trace{Spans: tt.spans}
		if seen, complete := side.seen(tr), side.complete(tr); seen != tt.seen || complete != tt.complete {
			t.Errorf("%s: got seen %t and complete %t, want %t and %t", tt.name, seen, complete, tt.seen, tt.complete)
		}
	}
}

func TestCompareError(t *testing.T) {
	t.Parallel()
	unseen := compare.Side{Unseen: true}
	for _, tt := range []struct {
		name     string
		from, to compare.Side
		differs  []compare.Difference
		lost     error
		want     int
	}{
		{name: "alike", want: exitOK},
		{name: "differs", differs: []compare.Difference{{ID: "kind:x"}}, want: exitFailed},
		{name: "differs as known", differs: []compare.Difference{{ID: "kind:x", Ignored: true}}, want: exitOK},
		{name: "unseen on both", from: unseen, to: unseen, want: exitUnknown},
		{name: "unseen before", from: unseen, differs: []compare.Difference{{ID: "span:x"}}, want: exitUnknown},
		{name: "unseen after", to: unseen, differs: []compare.Difference{{ID: "span:x", Ignored: true}}, want: exitUnknown},
		{name: "unseen and lost here", to: unseen, lost: errors.New("lost"), want: exitFailed},
	} {
		report := &compare.Report{From: tt.from, To: tt.to, Differences: tt.differs}
		if got := exitCode(compareError(report, tt.lost)); got != tt.want {
			t.Errorf("%s: got exit code %d, want %d", tt.name, got, tt.want)
		}
		if got, want := report.Same(), tt.want == exitOK; got != want {
			t.Errorf("%s: got same %t, want %t", tt.name, got, want)
		}
	}
}
