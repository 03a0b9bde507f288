package sheet

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSample(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sample Sample
		digits int
		median float64
		text   string
	}{
		{Sample{7}, 0, 7, "7"},
		{Sample{3, 1, 2}, 0, 2, "2 (1 to 3)"},
		{Sample{4, 1, 2, 3}, 1, 2.5, "2.5 (1.0 to 4.0)"},
		{Sample{1.01, 1.03}, 1, 1.02, "1.0"},
		{Sample{1e6, 999, 1234567}, 0, 1e6, "1,000,000 (999 to 1,234,567)"},
		{Sample{-1500, -1500}, 0, -1500, "-1,500"},
		{None(), 1, math.NaN(), "-"},
		{nil, 1, math.NaN(), "-"},
	}
	for _, test := range tests {
		if got := test.sample.Median(); got != test.median && !(math.IsNaN(got) && math.IsNaN(test.median)) {
			t.Errorf("median of %v: got %v, want %v", test.sample, got, test.median)
		}
		if got := test.sample.Text(test.digits); got != test.text {
			t.Errorf("text of %v: got %q, want %q", test.sample, got, test.text)
		}
	}
}

func TestSampleIsNotReordered(t *testing.T) {
	t.Parallel()
	s := Sample{3, 1, 2}
	s.Median()
	if diff := cmp.Diff(Sample{3, 1, 2}, s); diff != "" {
		t.Errorf("sample after Median (-want +got):\n%s", diff)
	}
}

func TestRatio(t *testing.T) {
	t.Parallel()
	if got, want := (Sample{9, 10, 50}).Ratio(Sample{4, 4, 0}), 2.5; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := (Sample{1}).Ratio(None()); !math.IsNaN(got) {
		t.Errorf("ratio to nothing: got %v, want NaN", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	want := Table{Header: []string{"client", "requests/s"}, Rows: [][]string{{"hey", "1,000"}, {"vegeta", "900"}}}
	const text = "| client | requests/s |\n|---|---:|\n| hey | 1,000 |\n| vegeta | 900 |\n"
	if diff := cmp.Diff(text, want.String()); diff != "" {
		t.Errorf("as Markdown (-want +got):\n%s", diff)
	}
	second := Table{Header: []string{"goal"}}
	got, err := ParseTables("before\n\n" + text + "\nbetween | the two\n\n" + second.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Table{want, second}, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestParseTablesRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"no table", "text\n| half a row\n", "there is no table"},
		{"a short row", "| a | b |\n|---|---:|\n| 1 |\n", "line 3: the row has 1 cells, its header 2"},
	}
	for _, test := range tests {
		if got, err := ParseTables(test.text); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, %v; want error %q", test.name, got, err, test.want)
		}
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	const doc = "# Title\n<!-- bench:a -->\nold\n<!-- /bench:a -->\ntext\n<!-- bench:b -->\n<!-- /bench:b -->\nend\n"
	got, err := Replace(doc, "a", "new\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Replace(doc, "old", "new", 1), got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if body, err := Section(got, "a"); err != nil || body != "new\n" {
		t.Errorf("section: got %q, %v; want %q", body, err, "new\n")
	}
	for _, broken := range []string{"", "<!-- bench:a -->\nold\n", "<!-- /bench:a -->\n<!-- bench:a -->\n"} {
		if got, err := Replace(broken, "a", "new\n"); err == nil {
			t.Errorf("%q: got %q, want an error", broken, got)
		}
	}
}

func TestParseGoBench(t *testing.T) {
	t.Parallel()
	got, err := ParseGoBench(strings.NewReader(`goos: linux
pkg: github.com/otdemo/otdemo/pkg/tracer
BenchmarkUDPTransport/ours-2         	  300000	       900.5 ns/op	       0 B/op	       3 allocs/op
BenchmarkUDPTransport/jaeger-client-go-2  	   30000	      7500 ns/op
2026/11/23 03:00:00 some log line
BenchmarkUDPTransport/ours-2         	  310000	       910.5 ns/op	       0 B/op	       3 allocs/op
BenchmarkUDPTransport/ratio-2        	     100	         8.2 times_as_fast
PASS
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []GoBench{
		{"UDPTransport/ours", []string{"ns/op", "B/op", "allocs/op"}, map[string]Sample{
			"ns/op": {900.5, 910.5}, "B/op": {0, 0}, "allocs/op": {3, 3},
		}},
		{"UDPTransport/jaeger-client-go", []string{"ns/op"}, map[string]Sample{"ns/op": {7500}}},
		{"UDPTransport/ratio", []string{"times_as_fast"}, map[string]Sample{"times_as_fast": {8.2}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("benchmarks (-want +got):\n%s", diff)
	}
	for _, broken := range []string{"BenchmarkA-2\t10\t5", "BenchmarkA-2\t10\tfive ns/op"} {
		if got, err := ParseGoBench(strings.NewReader(broken)); err == nil {
			t.Errorf("%q: got %v, want an error", broken, got)
		}
	}
}
