package trace

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTracesSurviveJSON(t *testing.T) {
	t.Parallel()
	want := sample()
	want.Spans[1].Tags = []Tag{
		{"s", String("text")},
		{"b", Bool(false)},
		{"i", Int64(-7)},
		{"big", Int64(math.MaxInt64)},
		{"f", Float64(0.1)},
		{"bytes", Binary([]byte{0, 255})},
	}
	want.Spans[1].Warnings = []string{"odd"}
	want.Spans[2].References = append(want.Spans[2].References,
		Reference{Type: FollowsFrom, TraceID: TraceID{High: 1, Low: 2}, SpanID: 3})

	var buf bytes.Buffer
	if err := EncodeTraces(&buf, []Trace{want}, nil); err != nil {
		t.Fatal(err)
	}
	got, errs, err := DecodeTraces(&buf)
	if err != nil || errs != nil {
		t.Fatalf("DecodeTraces: errors %v, %v", errs, err)
	}
	if diff := cmp.Diff([]Trace{want}, got, cmp.Comparer(func(a, b Value) bool { return a == b })); diff != "" {
		t.Errorf("trace changed on the way (-want +got):\n%s", diff)
	}
}

// The answer of a real Jaeger 1.62, cut to two spans.
func TestDecodeTracesOfJaeger(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/jaeger-1.62.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	traces, errs, err := DecodeTraces(f)
	if err != nil || len(errs) != 0 || len(traces) != 1 {
		t.Fatalf("got %d traces, errors %v, %v; want 1 trace", len(traces), errs, err)
	}
	got := traces[0]
	if got.ID.String() != "62f7c4e8a1b2d3f4" || len(got.Spans) != 2 {
		t.Fatalf("got trace %s with %d spans, want 62f7c4e8a1b2d3f4 with 2", got.ID, len(got.Spans))
	}
	child := got.Spans[1]
	if child.ParentID() != got.Spans[0].SpanID {
		t.Errorf("parent of the second span is %s, want %s", child.ParentID(), got.Spans[0].SpanID)
	}
	if want := time.UnixMicro(1763885000123456).UTC(); !child.Start.Equal(want) {
		t.Errorf("start is %s, want %s", child.Start, want)
	}
	if v, _ := child.Tag("http.status_code"); v != Int64(200) {
		t.Errorf("http.status_code is %v %s, want 200 as int64", v.Kind(), v)
	}
	if child.Service() != "otdemo-server" {
		t.Errorf("service is %q, want otdemo-server", child.Service())
	}
}

func TestDecodeTracesKeepsJaegersErrors(t *testing.T) {
	t.Parallel()
	const body = `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}`
	traces, errs, err := DecodeTraces(strings.NewReader(body))
	if err != nil || len(traces) != 0 {
		t.Fatalf("got %d traces, %v; want none", len(traces), err)
	}
	if diff := cmp.Diff([]ResponseError{{Code: 404, Msg: "trace not found"}}, errs); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestEncodeTracesSharesProcesses(t *testing.T) {
	t.Parallel()
	tr := sample()
	other := *tr.Spans[2].Process // equal, at another address, as in a second batch
	tr.Spans[2].Process = &other
	var buf bytes.Buffer
	if err := EncodeTraces(&buf, []Trace{tr}, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(buf.String(), `"serviceName"`), 2; got != want {
		t.Errorf("got %d processes, want %d:\n%s", got, want, buf.String())
	}
}

func TestProcessesThatDifferKeepTheirNames(t *testing.T) {
	t.Parallel()
	processes := []*Process{
		nil,
		{},
		{Service: "a"},
		{Service: "a", Tags: []Tag{{"b", String("1")}}},
		{Service: "a", Tags: []Tag{{"b", Int64(1)}}},
		{Service: "a", Tags: []Tag{{"b", Bool(true)}}},
		{Service: "a", Tags: []Tag{{"b", Float64(0.1)}}},
		{Service: "a", Tags: []Tag{{"b", Float64(0.1 + 1e-16)}}},
		{Service: "a", Tags: []Tag{{"b", Binary([]byte("1"))}}},
		{Service: `a"b`},
		{Service: "a", Tags: []Tag{{"b", String("")}, {"", String("1")}}},
		{Service: "a", Tags: []Tag{{"b", String("")}, {"1", String("")}}},
	}
	var tr Trace
	for _, p := range processes {
		tr.Spans = append(tr.Spans, Span{Process: p})
	}
	for _, p := range processes[1:] {
		same := *p
		tr.Spans = append(tr.Spans, Span{Process: &same})
	}
	out := toJSON(&tr)
	if len(out.Processes) != len(processes) {
		t.Errorf("%d processes have %d names", len(processes), len(out.Processes))
	}
	for i := range processes[1:] {
		if got, want := out.Spans[len(processes)+i].ProcessID, out.Spans[1+i].ProcessID; got != want {
			t.Errorf("a copy of process %d is called %s, want %s", 1+i, got, want)
		}
	}
}

func TestEncodeTracesOfOddNumbers(t *testing.T) {
	t.Parallel()
	tr := sample()
	tr.Spans[0].Tags = []Tag{{"nan", Float64(math.NaN())}, {"inf", Float64(math.Inf(1))}, {"big", Int64(1 << 60)}}
	var buf bytes.Buffer
	if err := EncodeTraces(&buf, []Trace{tr}, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"value":"NaN"`, `"value":"+Inf"`, `"value":"1152921504606846976"`} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("no %s in %s", want, buf.String())
		}
	}
	if _, _, err := DecodeTraces(&buf); err != nil {
		t.Errorf("decode what was encoded: %v", err)
	}
}

func TestDecodeTracesRefusesWrongValues(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`{"key":"n","type":"int64","value":"x"}`:     `tag "n": "x" is not a valid int64`,
		`{"key":"b","type":"bool","value":3}`:        `tag "b": "3" is not a valid bool`,
		`{"key":"y","type":"binary","value":"*"}`:    `tag "y": "*" is not a valid binary`,
		`{"key":"q","type":"quaternion","value":""}`: `tag "q": unknown type "quaternion"`,
	}
	for tag, want := range tests {
		body := `{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"2","tags":[` + tag + `]}]}]}`
		_, _, err := DecodeTraces(strings.NewReader(body))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("decode %s: got %v, want %q in it", tag, err, want)
		}
	}
}

func FuzzDecodeTraces(f *testing.F) {
	var buf bytes.Buffer
	if err := EncodeTraces(&buf, []Trace{sample()}, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add([]byte(`{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"1","parentSpanID":"1"}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		traces, _, err := DecodeTraces(bytes.NewReader(body))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := EncodeTraces(&out, traces, nil); err != nil {
			t.Fatalf("encode what was decoded: %v", err)
		}
	})
}
