package elasticsearch

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// hitsOf is the response of a real 7.17.29 to the search for short ids.
func hitsOf(total, relation, service string) string {
	return `{"hits":{"total":{"value":` + total + `,"relation":"` + relation + `"},"hits":[{"_index":"jaeger-span-2026-11-22",
		"_source":{"traceID":"5c0d3e1f2a4b6978","process":{"serviceName":"` + service + `"}}}]}}`
}

func TestElasticsearchTraceIDs(t *testing.T) {
	t.Parallel()
	const none = `{"hits":{"total":{"value":0,"relation":"eq"}}}`
	lost, read := probe.Finding{Status: probe.StatusFail, Code: probe.CodeCanaryLost}, probe.Finding{Status: probe.StatusOK, Code: canary.CodeCanaryDelivered}
	tests := map[string]struct {
		jaeger identity.Identity
		canary probe.Finding
		// checks and others are the responses about the spans of this check and
		// of all others.
		checks, others string
		status         probe.Status
		code           probe.Code
		fact, hint     string
	}{
		"none": {
			jaegerOf("2.13.0"), read, none, none, probe.StatusOK, codeLongIDs,
			"no trace has a 64-bit id in Jaeger 1's format", "",
		},
		"some": {
			jaegerOf("2.13.0"), read, none, hitsOf("12", "eq", "shop"), probe.StatusWarn, codeShortIDs,
			"12 spans have 64-bit ids in Jaeger 1's format: Jaeger 2.13.0 cannot find them by id",
			"JAEGER_TRACEID_128BIT=true wherever traces begin, as long as a Jaeger 1 writes",
		},
		"many, and a Jaeger 2 that does not tell its version": {
			identity.Identity{Major: 2},
			read, none, hitsOf("10000", "gte", "shop"), probe.StatusWarn, codeShortIDs,
			"10000 or more spans have 64-bit ids in Jaeger 1's format: a Jaeger 2 cannot find them by id",
			"JAEGER_TRACEID_128BIT=true wherever traces begin, as long as a Jaeger 1 writes",
		},
		"only of checks, and this one's came back": {
			jaegerOf("2.13.0"), read, hitsOf("1", "eq", probe.CheckService), none, probe.StatusOK, codeLongIDs,
			"no trace has a 64-bit id in Jaeger 1's format", "",
		},
		"the canary is one": {
			jaegerOf("2.13.0"), lost, hitsOf("1", "eq", probe.CheckService), none, probe.StatusFail, codeShortCanary,
			"a span of this check is stored with a 64-bit id in Jaeger 1's format: Jaeger 2.13.0 cannot find it by id",
			"OTDEMO_TRACE_ID_128BIT=true for the check, and JAEGER_TRACEID_128BIT=true wherever traces begin",
		},
		"the canary is lost elsewhere": {
			jaegerOf("2.13.0"), lost, none, hitsOf("12", "eq", "shop"), probe.StatusWarn, codeShortIDs,
			"12 spans have 64-bit ids in Jaeger 1's format: Jaeger 2.13.0 cannot find them by id",
			"JAEGER_TRACEID_128BIT=true wherever traces begin, as long as a Jaeger 1 writes",
		},
		"Jaeger 1": {
			jaegerOf("1.76.0"), read, none, hitsOf("12", "eq", "shop"), probe.StatusSkip, probe.CodeNotUsed,
			"only Jaeger 2.8 and newer cannot find 64-bit ids; this is Jaeger 1.76.0", "",
		},
		"an unknown Jaeger": {
			identity.Identity{},
			read, none, hitsOf("12", "eq", "shop"), probe.StatusSkip, probe.CodeNotUsed,
			"only Jaeger 2.8 and newer cannot find 64-bit ids; this is an unknown Jaeger", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query().Get("q")
				switch {
				case r.Method != http.MethodGet || r.URL.Path != "/jaeger-span-*/_search" || !strings.HasPrefix(q, "traceID:/[0-9a-f]{1,16}/ AND "):
					probetest.Answer(400, "", "{}")(w, r)
				case strings.Contains(q, " NOT process.serviceName:otdemo-check"):
					probetest.Answer(200, "", tt.others)(w, r)
				case strings.Contains(q, " process.serviceName:otdemo-check AND startTimeMillis:>="):
					probetest.Answer(200, "", tt.checks)(w, r)
				}
			})
			base, err := url.Parse(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			f, env := probetest.Examine(t, probetest.ProbeNamed(t, StateProbes(), probe.IDESTraceIDs), probetest.AtES(t, srv.URL), map[string]probe.Outcome{
				probe.IDES:       {Finding: probe.Finding{Status: probe.StatusOK}, Published: cluster{url: base}},
				probe.IDIdentity: {Published: tt.jaeger},
				probe.IDCanary:   {Finding: tt.canary},
			})
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if got, want := storage.Finalize(stopsJaeger())(env, f).Explains, map[bool]string{true: probe.IDCanary}[tt.status == probe.StatusFail]; got != want {
				t.Errorf("explains %q, want %q", got, want)
			}
		})
	}
}
