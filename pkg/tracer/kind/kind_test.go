package kind_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

func TestRows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range kind.All() {
		for _, name := range append([]string{k.Name}, k.Aliases...) {
			if seen[name] {
				t.Errorf("two tracing systems are named %s", name)
			}
			seen[name] = true
		}
		if len(k.Endpoints) == 0 || len(k.Formats) == 0 || len(k.Samplers) == 0 {
			t.Fatalf("%s: endpoints, formats and samplers must not be empty", k.Name)
		}
		if k.CollectorURL != "" && k.CollectorURL != k.Endpoints[0].Example {
			t.Errorf("%s: the default endpoint %s is not the usual one, %s", k.Name, k.CollectorURL, k.Endpoints[0].Example)
		}
		for _, e := range k.Endpoints {
			u, err := url.Parse(e.Example)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(e.Schemes, u.Scheme) || e.Port() == 0 || e.Path != (u.Path != "") {
				t.Errorf("%s: %+v contradicts its example", k.Name, e)
			}
			if got := k.Endpoint(e.Schemes[len(e.Schemes)-1] + "://host"); got.Name != e.Name {
				t.Errorf("%s: got endpoint %s for its scheme, want %s", k.Name, got.Name, e.Name)
			}
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, name := range kind.Names() {
		if k := kind.Of(name); k.Name != name {
			t.Errorf("Of(%s): got %s", name, k.Name)
		}
	}
	if k := kind.Of("xray"); k.Name != kind.Noop || k.HasDefault() {
		t.Errorf("an unknown name: got %+v, want the row of noop", k)
	}
	otel := kind.Of(kind.OTel)
	if got, want := otel.Schemes(), []string{"http", "https", "grpc", "grpcs"}; !slices.Equal(got, want) {
		t.Errorf("got schemes %q, want %q", got, want)
	}
	if got, want := otel.Endpoint("no URL").Name, "OTLP over HTTP"; got != want {
		t.Errorf("got endpoint %s, want %s", got, want)
	}
}
