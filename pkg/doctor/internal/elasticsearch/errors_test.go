package elasticsearch

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// jaegerOf is the published identity of a Jaeger of that version.
func jaegerOf(text string) identity.Identity {
	v, _ := jaegers.ParseVersion(text)
	return identity.Identity{Major: v.Major, Version: v, Text: text}
}

func TestElasticsearchLinesByRelease(t *testing.T) {
	t.Parallel()
	const (
		one = "failed to create primary Elasticsearch client: "
		two = "failed to create Elasticsearch client: "
		in2 = "failed to initialize storage 'NAME': "
	)
	refused := startFailure{client: "refused", later: "401", own: "own"}
	tests := map[string]struct {
		jaeger identity.Identity
		want   []string
	}{
		"1.5":    {jaegerOf("1.5"), []string{"Jaeger 1.5 prints: health check timeout: no Elasticsearch node available"}},
		"1.65.0": {jaegerOf("1.65.0"), []string{"Jaeger 1.65.0 prints: " + one + "refused"}},
		"1.66.0": {jaegerOf("1.66.0"), []string{"Jaeger 1.66.0 prints: " + two + "refused"}},
		"1.76.0": {jaegerOf("1.76.0"), []string{"Jaeger 1.76.0 prints: " + two + "401"}},
		"2.2.0":  {jaegerOf("2.2.0"), []string{"Jaeger 2.2.0 prints: " + in2 + one + "refused"}},
		"2.7.0":  {jaegerOf("2.7.0"), []string{"Jaeger 2.7.0 prints: " + in2 + two + "refused"}},
		"2.19.0": {jaegerOf("2.19.0"), []string{"Jaeger 2.19.0 prints: " + in2 + two + "401"}},
		"2.20.0": {jaegerOf("2.20.0"), []string{"Jaeger 2.20.0 prints: own"}},
		"a Jaeger 2": {identity.Identity{Major: 2}, []string{
			"Jaeger 2.0 to 2.2 prints: " + in2 + one + "refused",
			"Jaeger 2.3 to 2.7 prints: " + in2 + two + "refused",
			"Jaeger 2.8 to 2.19 prints: " + in2 + two + "401",
			"Jaeger 2.20 and newer prints: own",
		}},
		"unknown": {identity.Identity{}, []string{
			"Jaeger 1.0 to 1.9 prints: health check timeout: no Elasticsearch node available",
			"Jaeger 1.10 to 1.65 and 2.0 to 2.2 prints: " + one + "refused",
			"Jaeger 1.66 to 1.70 and 2.3 to 2.7 prints: " + two + "refused",
			"Jaeger 1.71 to 1.76 and 2.8 to 2.19 prints: " + two + "401",
			"Jaeger 2.20 and newer prints: own",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, refused.lines(tt.jaeger)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// From 2.20 on Jaeger does not send HEAD, so its refusal has no effect.
func TestElasticsearchThatRefusesHEAD(t *testing.T) {
	t.Parallel()
	srv := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		probetest.Answer(200, "", probetest.RootES7)(w, r)
	})
	for jaeger, want := range map[string]probe.Code{"2.19.0": codeHeadRefused, "2.20.0": codeResponds} {
		f, _ := probetest.Examine(t, Probe(), probetest.AtES(t, srv.URL), map[string]probe.Outcome{probe.IDIdentity: {Published: jaegerOf(jaeger)}})
		if f.Code != want {
			t.Errorf("Jaeger %s: got %s %q, want %s", jaeger, f.Code, f.Fact, want)
		}
	}
}

func TestOneSlashByRelease(t *testing.T) {
	t.Parallel()
	const raw = "http:/es:9200"
	head := `health check timeout: Head "http:/es:9200": http: no Host in request URL: no Elasticsearch node available`
	for jaeger, want := range map[string]string{
		"1.62.0": "failed to create primary Elasticsearch client: " + head,
		"1.68.0": "failed to create Elasticsearch client: " + head,
		"1.76.0": "Servers: http:/es:9200 does not validate as url",
		"2.0.0":  "Servers: http:/es:9200 does not validate as url",
		"2.20.0": "Servers: http:/es:9200 does not validate as url",
	} {
		f, _ := probetest.Examine(t, Probe(), probetest.AtES(t, raw), map[string]probe.Outcome{probe.IDIdentity: {Published: jaegerOf(jaeger)}})
		if diff := cmp.Diff([]string{"Jaeger " + jaeger + " prints: " + want}, f.Evidence); diff != "" {
			t.Errorf("Jaeger %s (-want +got):\n%s", jaeger, diff)
		}
	}
}
