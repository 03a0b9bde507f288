package compare

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

// one makes a trace of a single span that change has changed.
func one(t *testing.T, change func(s *trace.Span)) Side {
	t.Helper()
	tr := grow(t, "a get")
	change(&tr.Spans[0])
	return Side{Trace: tr}
}

func tag(key string, v trace.Value) trace.Tag { return trace.Tag{Key: key, Value: v} }

func TestSpansAreComparedInEachAspect(t *testing.T) {
	t.Parallel()
	none := func(*trace.Span) {}
	tags := func(tags ...trace.Tag) func(s *trace.Span) {
		return func(s *trace.Span) { s.Tags = tags }
	}
	logs := func(logs ...[]trace.Tag) func(s *trace.Span) {
		return func(s *trace.Span) {
			for _, fields := range logs {
				s.Logs = append(s.Logs, trace.Log{Fields: fields})
			}
		}
	}
	tests := []struct {
		name     string
		from, to func(s *trace.Span)
		want     string
	}{
		{"kind", tags(tag("span.kind", trace.String("client"))), none, `changed kind:get: "client" -> "internal" on a get`},
		{"no kind is internal", none, tags(tag("span.kind", trace.String("internal"))), ""},
		{"status", tags(tag("error", trace.Bool(true))), none, `changed status:get: "error" -> "unset" on a get`},
		{
			"an error is an error",
			tags(tag("error", trace.Bool(true))),
			tags(tag("error", trace.Bool(true)), tag("otel.status_code", trace.String("ERROR"))),
			"",
		},
		{"no error is a tag", tags(tag("error", trace.Bool(false))), none, `lost tag:error: "false" -> "" on a get`},
		{"ok", none, tags(tag("otel.status_code", trace.String("OK"))), `changed status:get: "unset" -> "ok" on a get`},
		{"tag lost", tags(tag("k", trace.Int64(1))), none, `lost tag:k: "1" -> "" on a get`},
		{"tag added", none, tags(tag("k", trace.String("v"))), `added tag:k: "" -> "\"v\"" on a get`},
		{"empty tag added", none, tags(tag("k", trace.String(""))), `added tag:k: "" -> "\"\"" on a get`},
		{"tag's value", tags(tag("k", trace.Int64(1))), tags(tag("k", trace.Int64(2))), `changed tag:k: "1" -> "2" on a get`},
		{"tag's type", tags(tag("k", trace.Int64(1))), tags(tag("k", trace.String("1"))), `changed tag:k: "1" -> "\"1\"" on a get`},
		{"number's type", tags(tag("k", trace.Int64(1))), tags(tag("k", trace.Float64(1))), `changed tag:k: "1 (int64)" -> "1 (float64)" on a get`},
		{
			"tag set twice",
			tags(tag("k", trace.Int64(1)), tag("k", trace.Int64(2))), tags(tag("k", trace.Int64(2))),
			`changed tag:k: "1, 2" -> "2" on a get`,
		},
		{
			"log's fields",
			logs([]trace.Tag{tag("event", trace.String("miss")), tag("n", trace.Int64(1))}),
			logs([]trace.Tag{tag("event", trace.String("miss")), tag("n", trace.Int64(2))}),
			`changed log:miss: "event=\"miss\" n=1" -> "event=\"miss\" n=2" on a get`,
		},
		{
			"one log of two alike, in another order",
			logs([]trace.Tag{tag("event", trace.String("x"))}, []trace.Tag{tag("m", trace.Int64(1))}, []trace.Tag{tag("event", trace.String("x"))}),
			logs([]trace.Tag{tag("m", trace.Int64(1))}, []trace.Tag{tag("event", trace.String("x"))}),
			`lost log:x: "event=\"x\"" -> "" on a get`,
		},
		{"log without an event", none, logs([]trace.Tag{tag("m", trace.Int64(1)), tag("k", trace.Int64(1))}), `added log:k+m: "" -> "k=1 m=1" on a get`},
		{
			"process",
			func(s *trace.Span) {
				s.Process = &trace.Process{Service: "a", Tags: []trace.Tag{tag("client-uuid", trace.String("1"))}}
			},
			func(s *trace.Span) {
				s.Process = &trace.Process{Service: "a", Tags: []trace.Tag{tag("client-uuid", trace.String("2")), tag("sdk", trace.String("go"))}}
			},
			`added process:sdk: "" -> "\"go\"" on `,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := Traces(one(t, tt.from), one(t, tt.to), Ignore{})
			_, got, _ := strings.Cut(sketch(r), "\n")
			if got = strings.TrimSuffix(got, "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestTimeIsComparedInShape(t *testing.T) {
	t.Parallel()
	from, to := grow(t, "a call", "\ta get"), grow(t, "a call", "\ta get")
	for i := range to.Spans { // another day, and ten times as slow
		to.Spans[i].Start = to.Spans[i].Start.Add(24 * time.Hour)
		to.Spans[i].Duration *= 10
	}
	if r := Traces(Side{Trace: from}, Side{Trace: to}, Ignore{}); !r.Same() {
		t.Errorf("other times are a difference:\n%s", sketch(r))
	}
	to.Spans[1].Start = to.Spans[0].Start.Add(-time.Second)
	r := Traces(Side{Trace: from}, Side{Trace: to}, Ignore{})
	want := `changed time:get: "starts within its parent" -> "starts before its parent" on a get`
	if got := sketch(r); !strings.Contains(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestLikeDifferencesAreOne(t *testing.T) {
	t.Parallel()
	from, to := grow(t, "a call", "\ta get", "\ta put"), grow(t, "a call", "\ta get", "\ta put")
	to.ID = trace.TraceID{High: 1, Low: 1}
	for i, value := range []string{"x", "x", "y"} {
		to.Spans[i].Tags = []trace.Tag{tag("k", trace.String(value))}
	}
	r := Traces(
		Side{Trace: from, Traits: []Trait{{"baggage", "arrives"}}},
		Side{Trace: to, Traits: []Trait{{"baggage", "is lost"}}},
		Ignore{})
	want := []Difference{
		{ID: "tag:k", Change: Added, To: `"x"`, Spans: []string{"a call", "a get"}},
		{ID: "tag:k", Change: Added, To: `"y"`, Spans: []string{"a put"}},
		{ID: "trace-id", Change: Changed, From: "64 bits", To: "128 bits"},
		{ID: "tracer:baggage", Change: Changed, From: "arrives", To: "is lost"},
	}
	if diff := cmp.Diff(want, r.Differences); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, id string
		want        bool
	}{
		{"tag:k", "tag:k", true},
		{"tag:k", "tag:kk", false},
		{"tag", "tag:k", true},
		{"tag", "tag-like", false},
		{"tag:sampler.*", "tag:sampler.type", true},
		{"tag:sampler.*", "tag:samplerXtype", false},
		{"span:*", "span:HTTP GET /a,b", true},
		{"*", "trace-id", true},
		{"trace-id", "trace-id", true},
		{"(", "(:x", true},
	}
	for _, tt := range tests {
		if got := NewIgnore([]string{tt.pattern}).match(tt.id); got != tt.want {
			t.Errorf("%q ignores %q: got %v, want %v", tt.pattern, tt.id, got, tt.want)
		}
	}
	idle := NewIgnore([]string{"tag", "log", "nonsense"}).Idle([]Difference{{ID: "tag:k"}, {ID: "log:x"}})
	if diff := cmp.Diff([]string{"nonsense"}, idle); diff != "" {
		t.Errorf("idle patterns (-want +got):\n%s", diff)
	}
}

func TestSameWithWhatIsIgnored(t *testing.T) {
	t.Parallel()
	from := one(t, func(*trace.Span) {})
	to := one(t, func(s *trace.Span) { s.Tags = []trace.Tag{tag("a", trace.Int64(1)), tag("b", trace.Int64(1))} })
	if r := Traces(from, to, NewIgnore([]string{"tag:a"})); r.Same() || r.Unexpected() != 1 {
		t.Errorf("same %v, %d unexpected; want false and 1", r.Same(), r.Unexpected())
	}
	if r := Traces(from, to, NewIgnore([]string{"tag:a", "tag:b"})); !r.Same() {
		t.Error("what is ignored still differs")
	}
}
