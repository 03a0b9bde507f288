package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

// sampleResult is a traced call that went well.
func sampleResult() Result {
	return Result{
		Seq: 41, Start: begin.Add(1234567890),
		Delay: 1500, Latency: 1234567, Status: 200, Hops: 2, Answered: 2, Bytes: 36,
		TraceID: trace.TraceID{Low: 0x2e5bc45d47dab85}, Sampled: true, SpansMade: 4,
	}
}

func sampleInfo() RunInfo {
	return RunInfo{
		Run: "r1", Service: "otdemo-client", QueryURL: "http://localhost:16686", Start: begin,
		Method: "GET", URL: "http://localhost:8000/", Requests: 3, Concurrency: 2, Rate: 12.5,
		Duration: Millis(time.Minute), Warmup: Millis(1500 * time.Microsecond), Timeout: Millis(10 * time.Second), TraceShare: 0.1, Verify: true,
	}
}

func sampleResults() []Result {
	return []Result{
		sampleResult(),
		{Seq: 42, Start: begin, Latency: 3 * time.Second, Kind: Timeout, Err: "call: \"quoted\"\n\x01 <é>", TraceID: trace.TraceID{High: 1, Low: 2}, SpansMade: 3, Hops: 1, Warmup: true},
		{Seq: 1 << 40, Start: begin.Add(100 * 24 * time.Hour), Latency: 1},
	}
}

// writeResults returns a whole results file.
func writeResults(tb testing.TB, info RunInfo, results []Result, ledger any) string {
	tb.Helper()
	var out bytes.Buffer
	w, err := NewResultsWriter(&out, info)
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range results {
		w.Add(r)
	}
	if err := w.End(Outcome{Start: begin, End: begin.Add(time.Minute), Interrupted: true, Sent: 3, Unsent: 4}); err != nil {
		tb.Fatal(err)
	}
	if ledger != nil {
		if err := w.Ledger(ledger); err != nil {
			tb.Fatal(err)
		}
	}
	return out.String()
}

// readResults reads as far as there is no error.
func readResults(file string) (RunInfo, []Result, Ending, error) {
	var results []Result
	info, ending, err := ReadResults(strings.NewReader(file), "results.ndjson", func(r Result) { results = append(results, r) })
	return info, results, ending, err
}

func TestResultsFileKeepsEverything(t *testing.T) {
	t.Parallel()
	file := writeResults(t, sampleInfo(), sampleResults(), map[string]int{"missing": 0})
	info, results, ending, err := readResults(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleInfo(), info); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sampleResults(), results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	want := Ending{
		Outcome: Outcome{Start: begin, End: begin.Add(time.Minute), Interrupted: true, Sent: 3, Unsent: 4},
		Ledger:  json.RawMessage(`{"missing":0}`),
	}
	if diff := cmp.Diff(want, ending); diff != "" {
		t.Errorf("ending (-want +got):\n%s", diff)
	}
}

func TestResultsFileIsWhatScriptsReadIt(t *testing.T) {
	t.Parallel()
	const want = `{"type":"run","schema_version":1,"run":"r1","service":"otdemo-client","query_url":"http://localhost:16686","start":"2026-11-23T04:00:00Z","method":"GET","url":"http://localhost:8000/","requests":3,"concurrency":2,"rate":12.5,"trace_share":0.1,"verify":true,"duration_ms":60000,"warmup_ms":1.5,"timeout_ms":10000}
{"type":"result","seq":41,"at_ms":1234.56789,"delay_ms":0.0015,"latency_ms":1.234567,"status":200,"hops":2,"answered":2,"bytes":36,"spans":4,"trace_id":"02e5bc45d47dab85","sampled":true}
{"type":"result","seq":42,"at_ms":0,"latency_ms":3000,"hops":1,"spans":3,"trace_id":"00000000000000010000000000000002","warmup":true,"kind":"timeout","error":"call: \"quoted\"\n\u0001 \u003cé\u003e"}
{"type":"result","seq":1099511627776,"at_ms":8640000000,"latency_ms":0.000001}
{"type":"end","start":"2026-11-23T04:00:00Z","end":"2026-11-23T04:01:00Z","interrupted":true,"sent":3,"unsent":4}
`
	if diff := cmp.Diff(want, writeResults(t, sampleInfo(), sampleResults(), nil)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

func TestReportIsTheSameFromTheFile(t *testing.T) {
	t.Parallel()
	results := randomResults(3000)
	results[0].Latency = 1_000_001 // as a fraction of a millisecond it is not exact
	_, read, _, err := readResults(writeResults(t, sampleInfo(), results, nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(record(results...), record(read...)); diff != "" {
		t.Errorf("report (-run +file):\n%s", diff)
	}
}

func TestResultsFileThatWasCutOff(t *testing.T) {
	t.Parallel()
	const (
		killed   = "the run was killed or is not finished: its end is missing"
		noLedger = "the ledger was not closed"
	)
	whole := writeResults(t, sampleInfo(), sampleResults(), map[string]int{"missing": 0})
	lines := strings.SplitAfter(whole, "\n") // run, three results, end, ledger, ""
	upTo := func(n int) string { return strings.Join(lines[:n], "") }
	for _, tt := range []struct {
		name, file, cut string
		results         int
	}{
		{"whole", whole, "", 3},
		{"without the last newline", strings.TrimSuffix(whole, "\n"), "", 3},
		{"before the ledger", upTo(5), noLedger, 3},
		{"within the ledger", upTo(5) + lines[5][:20], "line 6 is incomplete", 3},
		{"before the end", upTo(4), killed, 3},
		{"within a result", upTo(3) + lines[3][:30], "line 4 is incomplete", 2},
		{"after the head", upTo(1), killed, 0},
	} {
		_, results, ending, err := readResults(tt.file)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if len(results) != tt.results || ending.Cut != tt.cut {
			t.Errorf("%s: %d results, cut %q; want %d, %q", tt.name, len(results), ending.Cut, tt.results, tt.cut)
		}
	}
}

func TestResultsFileErrors(t *testing.T) {
	t.Parallel()
	lines := strings.SplitAfter(writeResults(t, sampleInfo(), sampleResults()[:1], 1), "\n")
	head, result, end, ledger := lines[0], lines[1], lines[2], lines[3]
	const mustBeRun = `results.ndjson:1: no results of "otdemo call": the first line must be of type "run"`
	for _, tt := range []struct{ name, file, want string }{
		{"empty", "", "results.ndjson: no results: the file is empty"},
		{"something else", "hello\n", mustBeRun},
		{"no head", result, mustBeRun},
		{"cut within the head", head[:20], mustBeRun},
		{"of the future", strings.Replace(head, `version":1`, `version":2`, 1), "results.ndjson:1: schema_version must be 1, got 2"},
		{"no JSON", head + result + "{]\n" + end, "results.ndjson:3: invalid character ']' looking for beginning of object key string"},
		{"cut in the middle", head + result[:30] + "\n" + end, "results.ndjson:2: invalid character '\\n' in string literal"},
		{"wrong type", head + `{"type":"result","seq":"1"}` + "\n", "results.ndjson:2: json: cannot unmarshal string into Go struct field resultJSON.Result.seq of type int64"},
		{"unknown line", head + result + `{"type":"note"}` + "\n", `results.ndjson:3: unknown type "note"`},
		{"two heads", head + head, `results.ndjson:2: unexpected line of type "run"`},
		{"result after the end", head + end + result, `results.ndjson:3: unexpected line of type "result"`},
		{"ledger before the end", head + ledger + end, `results.ndjson:2: unexpected line of type "ledger"`},
		{"negative", head + `{"type":"result","latency_ms":-1}` + "\n", "results.ndjson:2: latency_ms must not be negative"},
		{"long line", head + strings.Repeat("x", maxLine+1) + "\n", fmt.Sprintf("results.ndjson:2: the line is longer than %d bytes", maxLine)},
	} {
		_, _, _, err := readResults(tt.file)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got error %v, want %s", tt.name, err, tt.want)
		}
	}
}

// fullDisk fails from its first write on.
type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestResultsWriterTellsOfAFullDisk(t *testing.T) {
	t.Parallel()
	w, err := NewResultsWriter(fullDisk{}, sampleInfo())
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 { // more than is buffered
		w.Add(sampleResult())
	}
	for name, err := range map[string]error{"Flush": w.Flush(), "End": w.End(Outcome{}), "Ledger": w.Ledger(nil)} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: got error %v, want that of the disk", name, err)
		}
	}
}

// FuzzReadResults states that what is read, once written, is read the same.
func FuzzReadResults(f *testing.F) {
	whole := writeResults(f, sampleInfo(), sampleResults(), map[string]int{"missing": 0})
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(strings.ReplaceAll(whole, "0", "-9e9"))
	f.Fuzz(func(t *testing.T, file string) {
		info, results, ending, err := readResults(file)
		if err != nil || ending.Cut != "" {
			return
		}
		var ledger any
		if ending.Ledger != nil {
			ledger = ending.Ledger
		}
		var out bytes.Buffer
		w, err := NewResultsWriter(&out, info)
		if err != nil {
			return // a time that JSON cannot tell
		}
		for _, r := range results {
			w.Add(r)
		}
		if err := errors.Join(w.End(ending.Outcome), w.Ledger(ledger)); err != nil {
			return
		}
		_, again, _, err := readResults(out.String())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out.String())
		}
		if diff := cmp.Diff(results, again); diff != "" {
			t.Errorf("results (-first +second):\n%s", diff)
		}
	})
}

func TestResultsAreFlushed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var file syncBuffer
		results, err := NewResultsWriter(&file, sampleInfo())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stop := results.KeepFlushed(ctx)
		check := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if got := file.lines(); got != want {
				t.Errorf("%s the file has %d lines, want %d", when, got, want)
			}
		}
		results.Add(sampleResult())
		check("at first", 0)
		<-time.After(time.Second)
		check("after a second", 2)
		results.Add(sampleResult())
		results.Add(sampleResult())
		<-time.After(999 * time.Millisecond)
		check("within the next second", 2)
		<-time.After(time.Millisecond)
		check("after two seconds", 4)
		results.Add(sampleResult())
		cancel()
		check("when the run is interrupted", 5)
		results.Add(sampleResult())
		<-time.After(time.Second)
		check("a second after the interruption", 6)
		results.Add(sampleResult())
		stop()
		<-time.After(time.Minute)
		check("when nobody flushes any more", 6)
	})
}

// syncBuffer is a file that may be read while it is written.
type syncBuffer struct {
	mu      sync.Mutex
	content []byte
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.content = append(b.content, p...)
	return len(p), nil
}

func (b *syncBuffer) lines() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Count(b.content, []byte("\n"))
}
