package trace

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outline leaves out of a trace what DecodeOutlines does.
func outline(t Trace) Trace {
	processes := make(map[*Process]*Process)
	out := Trace{ID: t.ID}
	for _, s := range t.Spans {
		if s.Process != nil && processes[s.Process] == nil {
			processes[s.Process] = &Process{Service: s.Process.Service, Tags: only("client-uuid", s.Process.Tags)}
		}
		out.Spans = append(out.Spans, Span{
			TraceID: s.TraceID, SpanID: s.SpanID, References: s.References,
			Tags: only("span.kind", s.Tags), Process: processes[s.Process],
		})
	}
	return out
}

func only(key string, tags []Tag) []Tag {
	for _, tag := range tags {
		if tag.Key == key && tag.Value.Kind() == KindString {
			return []Tag{tag}
		}
	}
	return nil
}

func encode(tb testing.TB, traces ...Trace) []byte {
	tb.Helper()
	var buf bytes.Buffer
	if err := EncodeTraces(&buf, traces, nil); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// kinds gives the sample the tags that an outline keeps, and some that look so.
func kinds() Trace {
	t := sample()
	t.Spans[0].Tags = append(t.Spans[0].Tags, Tag{"span.kind", String("server")})
	t.Spans[3].Tags = []Tag{{`span.kind"`, String("x")}, {"a", String(`{"key":"span.kind"}]\`)}, {"span.kind", String(`"odd"é`)}}
	t.Spans[4].Tags = []Tag{{"span.kind", Int64(3)}}
	t.Spans[5].References = append(t.Spans[5].References, Reference{Type: FollowsFrom, TraceID: TraceID{High: 1, Low: 2}, SpanID: 3})
	t.Spans[5].Warnings = []string{`a "warning", with {braces`}
	return t
}

func TestDecodeOutlines(t *testing.T) {
	t.Parallel()
	traces := []Trace{kinds(), {ID: TraceID{High: 7, Low: 8}}, sample()}
	body := encode(t, traces...)
	for name, data := range map[string][]byte{"compact": body, "indented": indent(t, body)} {
		got, _, err := DecodeOutlines(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := []Trace{outline(traces[0]), outline(traces[1]), outline(traces[2])}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Value{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func indent(tb testing.TB, body []byte) []byte {
	tb.Helper()
	var buf bytes.Buffer
	if err := json.Indent(&buf, body, "", "\t"); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func TestDecodeOutlinesOfOldJaegers(t *testing.T) {
	t.Parallel()
	got, errs, err := DecodeOutlines([]byte(`{"data":[{"traceID":"a","spans":[
		{"traceID":"a","spanID":"2","parentSpanID":"1","references":null,"tags":[{"value":"server","key":"span.kind"}],"processID":"p1"}],
		"processes":{"p1":{"serviceName":"svc"}},"warnings":null}],"errors":[{"code":5,"msg":"say \"cut\"","traceID":"b"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	a := TraceID{Low: 10}
	want := []Trace{{ID: a, Spans: []Span{{
		TraceID: a, SpanID: 2, References: []Reference{{TraceID: a, SpanID: 1}},
		Tags: []Tag{{"span.kind", String("server")}}, Process: &Process{Service: "svc"},
	}}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Value{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]ResponseError{{Msg: `say "cut"`, TraceID: "b"}}, errs); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// A trace that was cut off must not look like a shorter one.
func TestDecodeOutlinesRefusesWhatIsCutOff(t *testing.T) {
	t.Parallel()
	body := bytes.TrimSpace(encode(t, kinds()))
	for n := range len(body) {
		if _, _, err := DecodeOutlines(body[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a whole answer", n, len(body))
		}
	}
	for _, wrong := range []string{`[]`, `{"data":[{"traceID":5}]}`, `{"data":[{"traceID":"zz"}]}`, `{"data":,}`} {
		if _, _, err := DecodeOutlines([]byte(wrong)); err == nil {
			t.Errorf("%s was taken for an answer", wrong)
		}
	}
}

func TestUnanswered(t *testing.T) {
	t.Parallel()
	tr := sample()
	kind := func(at int, more ...Tag) { tr.Spans[at].Tags = append(more, Tag{"span.kind", String("client")}) }
	kind(3)
	kind(5)
	if got := tr.Unanswered(); len(got) != 0 {
		t.Errorf("got %d, want none: both requests have a child", len(got))
	}
	tr.Spans = tr.Spans[1:] // the answer to span 5
	if got := tr.Unanswered(); len(got) != 1 || got[0].SpanID != 5 {
		t.Errorf("got %+v, want span 5", got)
	}
	for _, key := range []string{"db.type", "db.system", "db.system.name"} {
		kind(4, Tag{key, String("sql")})
		if got := tr.Unanswered(); len(got) != 0 {
			t.Errorf("%s: got %+v, want none: a database makes no spans", key, got)
		}
	}
	kind(4, Tag{"error", Bool(true)})
	if got := tr.Unanswered(); len(got) != 0 {
		t.Errorf("got %+v, want none: a request that failed has no answer", got)
	}
}

// Whatever DecodeTraces reads of an answer in Jaeger's own form, the outline is
// a part of, and no input is too odd.
func FuzzDecodeOutlines(f *testing.F) {
	f.Add(encode(f, kinds(), sample()))
	f.Add([]byte(`{"data":[{"traceID":"1","spans":[{"tags":[{"value":{"a":[1,"]"]},"key":"span.kind"}]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = DecodeOutlines(data)
		whole, _, err := DecodeTraces(bytes.NewReader(data))
		if err != nil {
			return
		}
		again := encode(t, whole...)
		whole, _, err = DecodeTraces(bytes.NewReader(again))
		if err != nil {
			return // text that is no UTF-8 changes on its way
		}
		var want []Trace
		for _, tr := range whole {
			want = append(want, outline(tr))
		}
		got, _, err := DecodeOutlines(again)
		if err != nil {
			t.Fatalf("%v: %s", err, again)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Value{})); diff != "" {
			t.Errorf("(-want +got):\n%s\n%s", diff, again)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var traces []Trace
	for range 200 {
		traces = append(traces, kinds())
	}
	body := encode(b, traces...)
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, _, err := DecodeTraces(bytes.NewReader(body)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("outlines", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, _, err := DecodeOutlines(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
