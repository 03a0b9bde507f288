package cmd

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/load"
)

func parseCallFlags(t *testing.T, args ...string) (*callOptions, *pflag.FlagSet) {
	t.Helper()
	opts := newCallOptions()
	flags := pflag.NewFlagSet("call", pflag.ContinueOnError)
	opts.register(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return opts, flags
}

func TestCallFlags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args string
		run  bool
		want func(*callOptions)
	}{
		{"", false, func(*callOptions) {}},
		{"--verify -m PUT", false, func(o *callOptions) { o.run.Verify, o.request.method = true, "PUT" }},
		{"-n 3", true, func(o *callOptions) { o.run.Requests = 3 }},
		{"-z 2s -c 5 -q 2.5", true, func(o *callOptions) {
			o.run.Duration, o.run.Concurrency, o.run.Rate = load.Millis(2*time.Second), 5, 2.5
		}},
		{"-n 3 -z 1m --warmup 5s --trace-share 0.1 --drop --results r --quiet -o html", true, func(o *callOptions) {
			o.run.Requests, o.run.Duration, o.run.Warmup, o.run.TraceShare = 3, load.Millis(time.Minute), load.Millis(5*time.Second), 0.1
			o.drop, o.results, o.quiet, o.output.text = true, "r", true, "html"
		}},
	}
	for _, tt := range tests {
		opts, flags := parseCallFlags(t, strings.Fields(tt.args)...)
		if err := opts.validate(flags); err != nil {
			t.Errorf("%q: %v", tt.args, err)
		}
		if got := isLoadRun(flags); got != tt.run {
			t.Errorf("%q: load run %v, want %v", tt.args, got, tt.run)
		}
		want := newCallOptions()
		want.run = load.RunInfo{Timeout: load.Millis(10 * time.Second), Concurrency: 10, TraceShare: 1}
		tt.want(want)
		compared := cmp.Options{
			cmp.AllowUnexported(callOptions{}, requestFlags{}), cmp.Transformer("text", func(f textFlag) string { return f.text }),
			cmpopts.EquateEmpty(),
		}
		if diff := cmp.Diff(want, opts, compared); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.args, diff)
		}
	}
}

func TestCallFlagsAreChecked(t *testing.T) {
	t.Parallel()
	const long = "\nhint: add -n 1000 or -z 10s"
	tests := []struct{ args, want string }{
		{"--timeout 0s", "--timeout must be more than 0, got 0s"},
		{"-n 0", "-n must be at least 1, got 0"},
		{"-n 1 -c 0", "-c must be between 1 and 20000, got 0"},
		{"-n 1 -q 0", "-q must be a number above 0, got 0"},
		{"-n 1 -q NaN", "-q must be a number above 0, got NaN"},
		{"-n 1 -q +Inf", "-q must be a number above 0, got +Inf"},
		{"-z 0s", "-z must be more than 0, got 0s"},
		{"-z 1s --warmup -1s", "--warmup must not be negative, got -1s"},
		{"-n 1 --trace-share 1.1", "--trace-share must be between 0 and 1, got 1.1"},
		{"-n 1 --trace-share NaN", "--trace-share must be between 0 and 1, got NaN"},
		{"-n 1 --results=", "--results must name a file"},
		{"-n 1 --show", "--show works with a single call only, not with a load run\nhint: leave out --show; the report lists the slowest traces"},
		{"-c 5", "-c works only in a load run, which -n or -z starts" + long},
		{"-q 5 -o html --results r", "-q, --results, -o html work only in a load run, which -n or -z starts" + long},
		{"-q -1 --timeout -1s", "--timeout must be more than 0, got -1s\n-q must be a number above 0, got -1\n-q works only in a load run, which -n or -z starts" + long},
	}
	for _, tt := range tests {
		opts, flags := parseCallFlags(t, strings.Fields(tt.args)...)
		if got := explained(opts.validate(flags)); got != tt.want {
			t.Errorf("%q is refused with\n%s\nwant\n%s", tt.args, got, tt.want)
		}
	}
}

// explained returns err as printError prints it, without the name of the program.
func explained(err error) string {
	if err == nil {
		return ""
	}
	var b strings.Builder
	printError(&b, err)
	return strings.TrimSpace(strings.NewReplacer("otdemo: error: ", "", "otdemo: hint: ", "hint: ").Replace(b.String()))
}

func TestCallRequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "body.json"), []byte(`{"a": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		flags   requestFlags
		want    client.Request
		wantErr string
	}{
		{name: "default", want: client.Request{Method: "GET"}},
		{name: "a body is posted", flags: requestFlags{data: "a=1"}, want: client.Request{Method: "POST", Body: []byte("a=1")}},
		{name: "or as one says", flags: requestFlags{data: "@body.json", method: "PUT"}, want: client.Request{Method: "PUT", Body: []byte(`{"a": 1}`)}},
		{
			name: "headers", flags: requestFlags{headers: []string{"Accept: text/plain", "x-a:1", "X-A: b: c", "Empty:"}},
			want: client.Request{Method: "GET", Header: http.Header{"Accept": {"text/plain"}, "X-A": {"1", "b: c"}, "Empty": {""}}},
		},
		{
			name: "all wrong", flags: requestFlags{method: "G T", headers: []string{"no colon", "a b: c", "X: a\r\nY: b"}, data: "@nosuch"},
			wantErr: `-m must be an HTTP method, got "G T"
hint: for example -m POST
-H must be "name: value", got no colon
hint: for example -H "Accept: text/plain"
-H must be "name: value", got "a b: ..."
hint: for example -H "Accept: text/plain"
-H must be "name: value", got "X: ..."
hint: for example -H "Accept: text/plain"
-d: open nosuch: no such file or directory`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.flags.request(t.Context(), &Env{Dir: dir})
			if diff := cmp.Diff(tt.wantErr, explained(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); err == nil && diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}
