package through

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// sessionAt is a session with /pay that started at start and lasted 20 ms, with
// an application whose Date header is date.
func sessionAt(start, date time.Time) *session {
	v := newSession(&url.URL{Scheme: "http", Host: "pay:80", Path: "/pay"})
	v.start, v.end = start, start.Add(20*time.Millisecond)
	for _, c := range v.calls() {
		c.start, c.took, c.date = start, 10*time.Millisecond, date
	}
	return v
}

func rootSpan(service, target string, start time.Time, d time.Duration) trace.Span {
	c := newCaller(true)
	return trace.Span{
		TraceID: c.trace, SpanID: c.span, Start: start, Duration: d,
		Process: &trace.Process{Service: service},
		Tags:    []trace.Tag{{Key: "http.url", Value: trace.String(target)}},
	}
}

// continues is a span of service that continues a call.
func continues(c *appCall, service string, start time.Time, d time.Duration) trace.Trace {
	s := rootSpan(service, "/pay", start, d)
	s.TraceID = c.caller.trace
	s.References = []trace.Reference{{TraceID: c.caller.trace, SpanID: c.caller.span}}
	return trace.Trace{ID: s.TraceID, Spans: []trace.Span{s}}
}

func oneSpanEach(spans ...trace.Span) []trace.Trace {
	var traces []trace.Trace
	for _, s := range spans {
		traces = append(traces, trace.Trace{ID: s.TraceID, Spans: []trace.Span{s}})
	}
	return traces
}

// An application that is silent now is not excused by what it, or its
// predecessor, reported before.
func TestOwnRootsAreOfThisSession(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		ahead  time.Duration
		joined bool
		// late is how long the call that was joined needed to arrive.
		late time.Duration
		root trace.Span
		want int
	}{
		"now":                          {0, false, 0, rootSpan("pay", "http://pay/pay?x=1", now.Add(time.Millisecond), 1), 1},
		"another path":                 {0, false, 0, rootSpan("pay", "/health", now.Add(time.Millisecond), 1), 0},
		"five seconds ago":             {0, false, 0, rootSpan("pay", "/pay", now.Add(-5*time.Second), 1), 0},
		"clock an hour ahead":          {time.Hour, false, 0, rootSpan("pay", "/pay", now.Add(time.Hour+time.Millisecond), 1), 1},
		"clock ahead, span of now":     {time.Hour, false, 0, rootSpan("pay", "/pay", now, 1), 0},
		"joined, any path":             {0, true, 0, rootSpan("pay", "/other", now.Add(time.Millisecond), 1), 1},
		"joined late":                  {0, true, 300 * time.Millisecond, rootSpan("pay", "/pay", now.Add(time.Millisecond), 1), 1},
		"joined, a second ago":         {0, true, 0, rootSpan("pay", "/pay", now.Add(-time.Second), 1), 0},
		"joined, another service":      {0, true, 0, rootSpan("stock", "/pay", now.Add(time.Millisecond), 1), 0},
		"joined, clock an hour behind": {-time.Hour, true, 0, rootSpan("pay", "/pay", now.Add(-time.Hour), 1), 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := sessionAt(now, now.Add(tt.ahead).Truncate(time.Second))
			seen := &observations{session: v, found: map[string][]trace.Trace{tt.root.Service(): oneSpanEach(tt.root)}}
			if tt.joined {
				c := v.joins[0]
				c.took += tt.late
				seen.joined = map[string]trace.Trace{c.name: continues(c, "pay", now.Add(tt.ahead+tt.late), time.Millisecond)}
			}
			if got := len(seen.ownRoots()); got != tt.want {
				t.Errorf("got %d traces of its own, want %d", got, tt.want)
			}
		})
	}
}

// Each call that is continued narrows the difference of the clocks.
func TestOwnRootsWithTwoContinuations(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	v := sessionAt(now, now)
	late, soon := v.joins[0], v.joins[1]
	late.took += 300 * time.Millisecond
	seen := &observations{session: v, joined: map[string]trace.Trace{
		late.name: continues(late, "pay", now.Add(300*time.Millisecond), time.Millisecond),
		soon.name: continues(soon, "pay", now.Add(time.Millisecond), time.Millisecond),
	}}
	for after, want := range map[time.Duration]int{50 * time.Millisecond: 1, 270 * time.Millisecond: 0} {
		seen.found = map[string][]trace.Trace{"pay": oneSpanEach(rootSpan("pay", "/pay", now.Add(after), 1))}
		if got := len(seen.ownRoots()); got != want {
			t.Errorf("%s after the calls began: got %d traces of its own, want %d", after, got, want)
		}
	}
}

// A service that begins traces all the time is not taken for one that the
// application calls.
func TestForeignRootsStartInside(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	v := sessionAt(now, time.Time{})
	c := v.joins[0]
	joined := map[string]trace.Trace{c.name: continues(c, "pay", now, 10*time.Millisecond)}
	at := func(offsets ...time.Duration) []trace.Trace {
		var spans []trace.Span
		for _, d := range offsets {
			spans = append(spans, rootSpan("stock", "/", now.Add(d), time.Millisecond))
		}
		return oneSpanEach(spans...)
	}
	const ms = time.Millisecond
	tests := map[string]struct {
		stock []trace.Trace
		want  []string
	}{
		"inside":              {at(1*ms, 2*ms, 3*ms), []string{"stock"}},
		"too few":             {at(1*ms, 2*ms), nil},
		"more often not":      {at(1*ms, 2*ms, 3*ms, 20*ms, 30*ms, 40*ms), nil},
		"outside":             {at(-3*ms, 11*ms, 12*ms), nil},
		"ends after it, once": {at(1*ms, 2*ms, 9500*time.Microsecond), []string{"stock"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := &observations{session: v, joined: joined, found: map[string][]trace.Trace{"stock": tt.stock}}
			if got := seen.foreignRoots(); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
