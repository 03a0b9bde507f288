package integration

import (
	"context"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/wire"
)

// mixed are the tracers that speak each other's header formats.
func mixed() []string { return []string{"jaeger", "zipkin", "otel"} }

// mixedFlags has a tracer send to j in its own protocol, and speak these formats.
func mixedFlags(j *jaegers.Instance, tracer, formats string) []string {
	endpoint := map[string]string{"jaeger": j.CollectorURL, "zipkin": j.ZipkinURL, "otel": j.OTLPURL}
	return []string{"--tracer", tracer, "--propagation", formats, "--collector-endpoint", endpoint[tracer]}
}

// TestMixedTracers has serve and call use every two of the tracers, each with its own
// protocol to one Jaeger. A header format that both speak makes their spans one
// trace, whatever the length of their ids.
func TestMixedTracers(t *testing.T) {
	t.Parallel()
	j := jaegers.Start(t, jaegers.V213())
	for _, format := range []string{"jaeger", "w3c", "b3", "b3-single"} {
		for _, serving := range mixed() {
			t.Run(format+" to "+serving, func(t *testing.T) {
				t.Parallel()
				_, addrs := program.Start(t, []string{soonVariable},
					slices.Concat([]string{"serve", "--port", "0"}, mixedFlags(j, serving, format))...)
				for _, calling := range mixed() {
					t.Run("from "+calling, func(t *testing.T) {
						t.Parallel()
						got := callMixed(t, j, addrs["http"], mixedFlags(j, calling, format), callSpans)
						if diff := gocmp.Diff(treeOf(calling, serving), got); diff != "" {
							t.Errorf("trace (-want +got):\n%s", diff)
						}
					})
				}
			})
		}
	}
}

// TestMixedFormats has a server that speaks all formats join the traces of clients
// that each speak another, and one that speaks none of theirs begin its own.
func TestMixedFormats(t *testing.T) {
	t.Parallel()
	j := jaegers.Start(t, jaegers.V213())
	for _, test := range []struct {
		serving, formats string
		calling, format  string
		joins            bool
	}{
		{"otel", "w3c,jaeger,b3", "jaeger", "jaeger", true},
		{"otel", "w3c,jaeger,b3", "zipkin", "b3", true},
		{"jaeger", "jaeger,w3c,b3", "otel", "w3c", true},
		{"zipkin", "b3,w3c", "jaeger", "w3c,jaeger", true},
		{"jaeger", "jaeger", "otel", "w3c", false},
		{"zipkin", "b3", "jaeger", "jaeger", false},
	} {
		t.Run(test.calling+" "+test.format+" to "+test.serving+" "+test.formats, func(t *testing.T) {
			t.Parallel()
			_, addrs := program.Start(t, []string{soonVariable},
				slices.Concat([]string{"serve", "--port", "0"}, mixedFlags(j, test.serving, test.formats))...)
			want, spans := treeOf(test.calling, test.serving), callSpans
			if !test.joins {
				want, spans = withoutServer(want), clientSpans
			}
			got := callMixed(t, j, addrs["http"], mixedFlags(j, test.calling, test.format), spans)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
		})
	}
}

// withoutServer returns a tree less the lines of the server.
func withoutServer(tree string) string {
	lines := slices.Collect(strings.Lines(tree))
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, "otdemo-server") }), "")
}

// callMixed makes a call, and returns its trace as Jaeger has it, which is to be of
// so many spans.
func callMixed(t *testing.T, j *jaegers.Instance, hostPort string, flags []string, spans int) string {
	t.Helper()
	called := run(t, 0, slices.Concat([]string{"call", "http://" + hostPort + "/"}, flags)...)
	id := traceID(t, called.Stdout)
	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	defer cancel()
	got, err := wire.ReadTrace(ctx, j.QueryURL, id, spans)
	if err != nil {
		t.Error(err)
	}
	return draw(seenByJaeger(got))
}
