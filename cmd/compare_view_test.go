package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// storedSide is a trace as a real Jaeger 2.13 answered with it.
func storedSide(t *testing.T, tracer, answer string) compare.Side {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "pkg", "compare", "testdata", tracer+"-2.13.json"))
	if err != nil {
		t.Fatal(err)
	}
	traces, _, err := trace.DecodeTraces(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return compare.Side{Tracer: tracer, Trace: traces[0], Traits: []compare.Trait{
		{ID: "jaeger-debug-id", Answer: answer},
	}}
}

func TestCompareForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, form, color string
		// to is the second side, ignore what is known of it.
		to     string
		ignore []string
		own    bool
	}{
		{name: "text", form: "text", color: "never", to: "otel", ignore: []string{"tag:sampler.*"}, own: true},
		{name: "text-color", form: "text", color: "always", to: "otel", ignore: []string{"process"}},
		{name: "alike", form: "text", color: "never", to: "jaeger", own: true},
		{name: "ignored", form: "text", color: "never", to: "otel", ignore: []string{"*"}},
		{name: "json", form: "json", color: "never", to: "otel", ignore: []string{"process"}, own: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reader, err := query.New("http://localhost:16686", query.Options{})
			if err != nil {
				t.Fatal(err)
			}
			answers := map[string]string{"jaeger": "is traced", "otel": "is a request like any other"}
			report := compare.Traces(storedSide(t, "jaeger", answers["jaeger"]), storedSide(t, tt.to, answers[tt.to]), compare.NewIgnore(tt.ignore))
			env := testEnv()
			c := &comparison{
				app:     &app{env: env, color: newEnumFlag(tt.color)},
				request: client.Request{URL: "http://localhost:8000/"},
				opts:    &compareOptions{output: newEnumFlag(tt.form)},
				reader:  reader,
			}
			if tt.own {
				c.worker = &worker{}
			}
			if err := c.print(report); err != nil {
				t.Fatal(err)
			}
			got := env.Stdout.(*bytes.Buffer).String()
			golden := filepath.Join("testdata", "compare-"+tt.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; go test -update rewrites it):\n%s", golden, diff)
			}
		})
	}
}
