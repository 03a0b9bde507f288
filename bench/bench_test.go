package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/bench/sheet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDocument expects the document to have a section of each suite, in the form
// that the suite writes.
func TestDocument(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", documentPath))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(content)
	for _, s := range suites() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			body, err := sheet.Section(doc, s.name)
			if err != nil {
				t.Fatal(err)
			}
			form := regexp.QuoteMeta(strings.Replace(measuredLine, "%s", s.name, 1))
			form = strings.NewReplacer("%s", ".+", "%d", `\d+`).Replace(form)
			if line, _, _ := strings.Cut(body, "\n"); !regexp.MustCompile("^" + form + "$").MatchString(line) {
				t.Errorf("its first line is %q, want the form %q", line, measuredLine)
			}
			tables, err := sheet.ParseTables(body)
			if err != nil {
				t.Fatal(err)
			}
			checkTables(t, tables, s.headers)
		})
	}
}

// checkTables expects tables with these headers, nil for any, and no other cell
// than figures beside the names.
func checkTables(t *testing.T, tables []sheet.Table, headers [][]string) {
	t.Helper()
	if len(tables) != len(headers) {
		t.Fatalf("it has %d tables, want %d", len(tables), len(headers))
	}
	figure := regexp.MustCompile(`^(-|yes|no|-?[\d,.]+( \(-?[\d,.]+ to -?[\d,.]+\))?)$`)
	for i, table := range tables {
		if diff := cmp.Diff(headers[i], table.Header); headers[i] != nil && diff != "" {
			t.Errorf("header of table %d (-want +got):\n%s", i, diff)
		}
		if len(table.Rows) == 0 {
			t.Errorf("table %d has no rows", i)
		}
		for _, row := range table.Rows {
			for _, cell := range row[1:] {
				if !figure.MatchString(cell) {
					t.Errorf("table %d, row %q: %q is no figure", i, row[0], cell)
				}
			}
		}
	}
}

// TestCompare has two contenders whose figures tell the round and the place that
// they had in it.
func TestCompare(t *testing.T) {
	t.Parallel()
	turns := 0
	side := func(name string, factor float64) contender {
		return contender{name, func(context.Context) ([]float64, error) {
			turns++
			return []float64{factor * float64(turns), math.NaN()}, nil
		}}
	}
	cols := columns{of: "side", base: "theirs", each: []column{{"speed", 0, true}, {"loss", 1, false}}}
	res, err := compare(t.Context(), cols, 3, []contender{side("theirs", 1), side("ours", 100)})
	if err != nil {
		t.Fatal(err)
	}
	// Round 0 had the turns 1 and 2; ours goes first in the rounds 1 and 3.
	wantSamples := map[string]sheet.Sample{"theirs": {4, 5, 8}, "ours": {300, 600, 700}}
	for name, want := range wantSamples {
		if diff := cmp.Diff(want, res.sample(name, "speed")); diff != "" {
			t.Errorf("sample of %s (-want +got):\n%s", name, diff)
		}
	}
	if got, want := res.ratio("ours", "speed"), 120.0; got != want {
		t.Errorf("ratio: got %v, want %v", got, want)
	}
	want := sheet.Table{
		Header: []string{"side", "speed", "of theirs", "loss"},
		Rows: [][]string{
			{"theirs", "5 (4 to 8)", "1.00", "-"},
			{"ours", "600 (300 to 700)", "120.00", "-"},
		},
	}
	if diff := cmp.Diff(want, res.table()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestCompareFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no answer")
	_, err := compare(t.Context(), columns{}, 1, []contender{
		{"theirs", func(context.Context) ([]float64, error) { return nil, nil }},
		{"ours", func(context.Context) ([]float64, error) { return nil, broken }},
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "round 0: ours: ") {
		t.Errorf("got %v, want the error with its round and side", err)
	}
}

func TestGoals(t *testing.T) {
	t.Parallel()
	got := goalTable(
		atLeast("speed", 5, 5, 1), atLeast("speed", 5, 4.94, 1),
		atMost("loss", 0, 0, 2), atMost("loss", 0, 0.01, 2), atMost("loss", 0, math.NaN(), 2),
	)
	want := [][]string{
		{"speed: at least 5.0", "5.0", "yes"},
		{"speed: at least 5.0", "4.9", "no"},
		{"loss: at most 0.00", "0.00", "yes"},
		{"loss: at most 0.00", "0.01", "no"},
		{"loss: at most 0.00", "-", "no"},
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestGoBenchTable(t *testing.T) {
	t.Parallel()
	benches := []sheet.GoBench{
		{Name: "A/ours", Units: []string{"ns/op", "allocs/op"}, Figures: map[string]sheet.Sample{
			"ns/op": {900.4, 901.2, 905}, "allocs/op": {3, 3, 3},
		}},
		{Name: "A/ratio", Units: []string{"times_as_fast", "allocs/op"}, Figures: map[string]sheet.Sample{
			"times_as_fast": {8.25}, "allocs/op": {33000},
		}},
	}
	want := sheet.Table{
		Header: []string{"benchmark", "ns/op", "allocs/op", "times_as_fast"},
		Rows:   [][]string{{"A/ours", "901 (900 to 905)", "3", "-"}, {"A/ratio", "-", "-", "8.25"}},
	}
	if diff := cmp.Diff(want, goBenchTable(benches)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if got, err := figure(benches, "A/ratio", "times_as_fast"); err != nil || got.Median() != 8.25 {
		t.Errorf("figure: got %v, %v; want 8.25", got, err)
	}
	if got, err := figure(benches, "A/ratio", "ns/op"); err == nil {
		t.Errorf("a figure that is not reported: got %v, want an error", got)
	}
}

func TestTraceWatch(t *testing.T) {
	t.Parallel()
	w := &traceWatch{}
	for _, part := range []string{
		"Received result: The time is now\n\n", "trace 02e5: 2 spans, 1 service, 1.83ms\n", "otdemo-client call ", "1.83ms\n", "└─ otdemo-client GET 1.",
	} {
		_, _ = w.Write([]byte(part))
		if w.drawn != 0 {
			t.Fatalf("drawn after %q: the second span's line has not ended", part)
		}
	}
	_, _ = w.Write([]byte("75ms\n"))
	drawn := w.drawn
	if drawn == 0 {
		t.Fatal("not drawn after the second span's line")
	}
	_, _ = w.Write([]byte("\nspans: 2 made\n"))
	if w.drawn != drawn {
		t.Error("what came later moved the time")
	}
}

func TestCPUModel(t *testing.T) {
	t.Parallel()
	const cpuinfo = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\nmodel name\t: other\n"
	if got, want := cpuModel(cpuinfo), "AMD EPYC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := cpuModel("processor\t: 0\n"); got != unknown {
		t.Errorf("without a name: got %q, want %q", got, unknown)
	}
}

func TestParseOptions(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	opts, err := parseOptions([]string{"-update", "-rounds", "2", "demo", "price"}, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range opts.suites {
		names = append(names, s.name)
	}
	if diff := cmp.Diff([]string{"demo", "price"}, names); diff != "" || !opts.update || opts.rounds != 2 {
		t.Errorf("got %+v; names (-want +got):\n%s", opts, diff)
	}
	if opts, err := parseOptions(nil, &stderr); err != nil || len(opts.suites) != len(suites()) {
		t.Errorf("without arguments: got %d suites, %v; want all", len(opts.suites), err)
	}
	for _, args := range [][]string{{"-rounds", "-1"}, {"speed"}, {"-nonsense"}} {
		if _, err := parseOptions(args, &stderr); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := os.WriteFile(path, []byte("before\n<!-- bench:demo -->\n<!-- /bench:demo -->\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"first\n", "second\n"} {
		if err := update(path, "demo", body); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n<!-- bench:demo -->\nsecond\n<!-- /bench:demo -->\nafter\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := update(path, "price", "new\n"); err == nil {
		t.Error("a section that the document lacks: no error")
	}
}
