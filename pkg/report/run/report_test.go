package run

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/internal/golden"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/report/terminal"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// badRun returns a run with something for each line that a report can have.
func badRun() *Report {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	ms := func(f float64) load.Millis { return load.Millis(f * float64(time.Millisecond)) }
	return &Report{
		Run: load.RunInfo{
			Run: "RUN1", Service: "otdemo-client", QueryURL: "http://localhost:16686", Start: start,
			Method: "GET", URL: "http://localhost:8000/", Requests: 1000, Concurrency: 10, Rate: 500,
			Duration: ms(2000), Warmup: ms(1000), Timeout: ms(10_000), TraceShare: 0.5, Verify: true,
		},
		Outcome: load.Outcome{Start: start, End: start.Add(3 * time.Second), Interrupted: true, Sent: 1100, Unsent: 4},
		Calls: load.Report{
			Start: start.Add(time.Second), End: start.Add(3 * time.Second), Duration: ms(2000),
			Requests: 900, Failed: 30, Warmup: 200, Rate: 450, Bytes: 32_400,
			Latency: load.Latency{
				Count: 880, Mean: ms(2.5), Min: ms(0.4), P50: ms(1.9), P90: ms(4), P95: ms(6.5), P99: ms(40), P999: ms(130), Max: ms(250),
			},
			Histogram: []load.Bucket{{To: ms(2), Count: 500}, {From: ms(2), To: ms(4), Count: 300}, {From: ms(4), To: ms(6)}, {From: ms(6), To: ms(250), Count: 80}},
			Status:    map[int]int64{200: 870, 503: 10},
			Errors: []load.ErrorCount{
				{Kind: load.Refused, Count: 20, Example: `call: Get "http://localhost:8000/": dial tcp 127.0.0.1:8000: connect: connection refused`},
				{Kind: load.Status, Count: 10, Example: "http://localhost:8000/<b> answered 503\x1b[31m Service Unavailable"},
			},
			MeanDelay: ms(3), MaxDelay: ms(210),
			Slowest: []load.Slow{
				{Seq: 7, Start: start.Add(1100 * time.Millisecond), Latency: ms(250), Delay: ms(210), Status: 200, TraceID: "00000000000000ab", Sampled: true},
				{Seq: 8, Start: start.Add(1200 * time.Millisecond), Latency: ms(130), Kind: load.Timeout, TraceID: "00000000000000ac"},
				{Seq: 9, Start: start.Add(1300 * time.Millisecond), Latency: ms(40), Status: 503, Kind: load.Status},
			},
			Series: []load.Window{
				{At: 0, Width: ms(1000), Requests: 500, Failed: 0, P50: ms(1.8), P99: ms(30)},
				{At: ms(1000), Width: ms(1000), Requests: 400, Failed: 30, P50: ms(2), P99: ms(45)},
			},
		},
		Ledger: badLedger(),
		Cut:    "the ledger was not closed",
	}
}

func badLedger() *ledger.Ledger {
	return &ledger.Ledger{
		Client: tracer.Stats{Started: 4400, Sampled: 2200, NotSampled: 2200, Finished: 2200, Sent: 2190, Dropped: 7, TooLarge: 3},
		Server: &ledger.Server{URL: "http://localhost:8000/metrics", Finished: 1070, States: map[string]int64{"sent": 1060, "refused": 10, "queued": 0}},
		Traces: ledger.Traces{Made: 1100, SampledOut: 550, Sampled: 550, Found: 545, Complete: 540, Incomplete: 5, Missing: 5, MissingIDs: []string{"00000000000000ab", "00000000000000ad"}},
		Spans: ledger.Spans{
			Made: 3270, MadeClient: 2200, MadeServer: 1070, Stored: 3235, StoredClient: 2182, StoredServer: 1053, Missing: 35,
			Orphans: 2, Duplicates: 1,
		},
		Hops: []ledger.Hop{
			{Name: ledger.ClientQueue, Lost: 7, Certain: true, Evidence: []string{"the reporter's queue was full for 7 spans"}},
			{Name: ledger.ClientSend, Lost: 3, Certain: true, Evidence: []string{"3 spans were too large for a datagram"}},
			{Name: ledger.ServerSend, Lost: 10, Certain: true, Evidence: []string{"refused rose by 10 at http://localhost:8000/metrics"}},
			{Name: ledger.Network, Lost: 15, Evidence: []string{"the kernel dropped 2 datagrams on port 6831", "2 batches are missing"}},
		},
		Notes: []string{"another client called the server during the run"},
	}
}

// goodRun returns a run without problems.
func goodRun() *Report {
	r := badRun()
	r.Cut, r.Outcome.Interrupted, r.Outcome.Unsent = "", false, 0
	r.Run.Rate, r.Run.Duration, r.Run.Warmup, r.Run.TraceShare, r.Run.Verify = 0, 0, 0, 1, false
	r.Calls.Failed, r.Calls.Warmup, r.Calls.MaxDelay, r.Calls.Errors = 0, 0, 0, nil
	r.Calls.Status = map[int]int64{200: 900}
	r.Calls.Slowest = r.Calls.Slowest[:1]
	r.Client, r.Ledger = &tracer.Stats{Finished: 3600, Sent: 3600}, nil
	return r
}

func TestForms(t *testing.T) {
	t.Parallel()
	text := func(opts terminal.Options) func(io.Writer, *Report) error {
		return func(w io.Writer, r *Report) error { return WriteText(w, opts, r) }
	}
	tests := []struct {
		name  string
		write func(io.Writer, *Report) error
		run   *Report
	}{
		{"text.txt", text(terminal.Options{}), badRun()},
		{"text-color.txt", text(terminal.Options{Color: true}), badRun()},
		{"text-good.txt", text(terminal.Options{ASCII: true}), goodRun()},
		{"json.txt", WriteJSON, badRun()},
		{"page.html", WriteHTML, badRun()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := tt.write(&got, tt.run); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", tt.name), got.String())
		})
	}
}

// The page must be complete: it loads nothing, and refers to other pages by links only.
func TestPageStandsAlone(t *testing.T) {
	t.Parallel()
	empty := &Report{}
	for _, run := range []*Report{badRun(), goodRun(), empty} {
		var page bytes.Buffer
		if err := WriteHTML(&page, run); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"@import", "<script", "javascript:", "ZgotmplZ", "NaN", "Inf"} {
			if strings.Contains(page.String(), word) {
				t.Errorf("the page has %q in it", word)
			}
		}
		decoder := xml.NewDecoder(&page)
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("the page is not well-formed: %v", err)
			}
			element, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			for _, attr := range element.Attr {
				if strings.Contains(attr.Value, "://") && (element.Name.Local != "a" || attr.Name.Local != "href") {
					t.Errorf("<%s %s=%q> refers to something outside", element.Name.Local, attr.Name.Local, attr.Value)
				}
			}
		}
	}
}

// The number at the last arrow is that of the stored spans, for every kind of loss.
func TestDiagramSumsUp(t *testing.T) {
	t.Parallel()
	elsewhere := badLedger()
	elsewhere.Hops[3].Name = ledger.NetworkOrBackend
	gone := badLedger()
	gone.Hops[2].Name = ledger.ServerGone
	clientOnly := unseenLedger()
	clientOnly.ServiceUnseen = ""
	for name, l := range map[string]*ledger.Ledger{
		"all": badLedger(), "unclear": elsewhere, "gone": gone, "client only": clientOnly, "unseen": unseenLedger(),
	} {
		d := newDiagram(l)
		if got, want := d.Arrows[len(d.Arrows)-1].Spans, l.Spans.Stored; got != want {
			t.Errorf("%s: %d spans arrive, want the %d that are stored", name, got, want)
		}
		for _, s := range d.Boxes {
			if s.X < 0 || s.Y < 0 || s.X+s.Width > float64(d.Width) || s.Y+s.Height > float64(d.Height) {
				t.Errorf("%s: box %q is outside of the drawing: %+v", name, s.Name, s)
			}
		}
	}
}

// unseenLedger returns a ledger of the client's spans only, some of which are missing.
func unseenLedger() *ledger.Ledger {
	return &ledger.Ledger{
		Spans:         ledger.Spans{Made: 20, MadeClient: 20, Stored: 15, StoredClient: 15, Missing: 5},
		Hops:          []ledger.Hop{{Name: ledger.Backend, Lost: 5}},
		ServiceUnseen: "no span was seen",
	}
}

// Where it is unknown whether spans were lost, the diagram does not claim that none
// were.
func TestDiagramSaysUnknown(t *testing.T) {
	t.Parallel()
	unseen := unseenLedger()
	unseen.Spans.Stored, unseen.Spans.StoredClient, unseen.Spans.Missing, unseen.Hops = 20, 20, 0, nil
	proven := unseenLedger()
	proven.ServiceUnseen = ""
	for name, tt := range map[string]struct {
		ledger           *ledger.Ledger
		network, backend string
	}{
		"unseen":      {unseen, "unknown", "unknown"},
		"some lost":   {unseenLedger(), "unknown", "5 lost"},
		"not sampled": {&ledger.Ledger{}, "unknown", "unknown"},
		"proven":      {proven, "none lost", "5 lost"},
	} {
		notes := make(map[string]string)
		for _, s := range newDiagram(tt.ledger).Boxes {
			notes[s.Name] = s.Note
		}
		if notes["network"] != tt.network || notes["backend"] != tt.backend {
			t.Errorf("%s: got network %s, backend %s, want %s and %s", name, notes["network"], notes["backend"], tt.network, tt.backend)
		}
	}
}

// A server without a stored span is drawn as unknown and not counted.
func TestDiagramOfAnUnseenServer(t *testing.T) {
	t.Parallel()
	note := func(l *ledger.Ledger) string {
		for _, s := range newDiagram(l).Boxes {
			if s.Name == "server made" {
				return s.Note
			}
		}
		return ""
	}
	if got := note(unseenLedger()); got != "unknown" {
		t.Errorf("got %q, want it unknown", got)
	}
	if got, want := note(badLedger()), "1070"; got != want {
		t.Errorf("got %q, want %s", got, want)
	}
	want := "spans: 20 made by the client = 15 stored + 5 missing (backend 5); no span was seen"
	if got := ledgerVerdict(unseenLedger()).Text; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		limit float64
		want  []float64
	}{
		{0, []float64{0}},
		{1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
		{7, []float64{0, 2, 4, 6}},
		{499, []float64{0, 100, 200, 300, 400}},
		{1234, []float64{0, 500, 1000}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, axis{max: tt.limit}.steps(), cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })); diff != "" {
			t.Errorf("steps up to %v (-want +got):\n%s", tt.limit, diff)
		}
	}
	if diff := cmp.Diff([]float64{0, 1, 2}, countAxis(2).steps()); diff != "" {
		t.Errorf("steps of a count up to 2 (-want +got):\n%s", diff)
	}
}

func TestFormatBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 32_450: "32.5 kB", 7_200_000: "7.2 MB", 5e12: "5.0 TB"} {
		if got := formatBytes(n); got != want {
			t.Errorf("formatBytes(%d) = %q, want %q", n, got, want)
		}
	}
}

// brokenPipe is a writer that always fails.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	w, opts := brokenPipe{}, terminal.Options{}
	for form, err := range map[string]error{
		"text":      WriteText(w, opts, goodRun()),
		"json":      WriteJSON(w, goodRun()),
		"html":      WriteHTML(w, goodRun()),
		"ledger":    WriteLedger(w, opts, badLedger()),
		"call":      WriteCallText(w, &Call{}),
		"call json": WriteCallJSON(w, &Call{}),
	} {
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: got error %v, want that of the writer", form, err)
		}
	}
}
