package compare

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

// stored reads a trace of Work as Jaeger 2.13 answered with it: testdata has one
// of jaeger-client-go 2.30.0 and one of OpenTelemetry's bridge 1.45.0.
func stored(t *testing.T, tracer string) Side {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", tracer+"-2.13.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	traces, _, err := trace.DecodeTraces(file)
	if err != nil {
		t.Fatal(err)
	}
	return Side{Tracer: tracer, Trace: traces[0]}
}

// The differences between jaeger-client-go and the bridge as a real Jaeger has
// them; each is one that docs/migrating-to-opentelemetry.md has, with its note.
func TestRealTraces(t *testing.T) {
	t.Parallel()
	r := Traces(stored(t, "jaeger"), stored(t, "otel"), NewIgnore([]string{"process"}))
	var got []string
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Note == "" {
			t.Errorf("%s %s has no note", d.Change, d.ID)
		}
		if !d.Ignored {
			got = append(got, string(d.Change)+" "+d.ID)
		}
	}
	want := []string{
		"lost span:audit",
		"changed kind:publish mail",
		"lost tag:sampler.param",
		"lost tag:sampler.type",
		"added tag:otel.scope.name",
		"changed tag:value.long",
		"changed tag:value.uint64",
		"lost log:baggage",
		"lost log:baggage",
		"changed trace-id",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences of the real traces (-want +got):\n%s", diff)
	}
	for _, tracer := range []string{"jaeger", "otel"} {
		if r := Traces(stored(t, tracer), stored(t, tracer), Ignore{}); !r.Same() {
			t.Errorf("the trace of %s differs from itself:\n%s", tracer, sketch(r))
		}
	}
}

// Whatever is known of a difference is written down for who moves.
func TestNotesAreDocumented(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "migrating-to-opentelemetry.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes() {
		if !documented(string(content), n.id) {
			t.Errorf("docs/migrating-to-opentelemetry.md has no row for %s", n.id)
		}
	}
}

func documented(doc, id string) bool { return strings.Contains(doc, "`"+id) }
