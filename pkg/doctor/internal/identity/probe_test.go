package identity

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

const jaegerPage = `<!doctype html><html><head><base href="/"/><title>Jaeger UI</title><script>
	// JAEGER_VERSION is replaced by the server
	JAEGER_VERSION = {"gitCommit":"abc","gitVersion":"TAG","buildDate":"2024-10-06"};</script>`

func pageOf(version string) http.HandlerFunc {
	return probetest.Answer(200, "Content-Type: text/html", strings.Replace(jaegerPage, "TAG", version, 1))
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	const v1Metrics = "# TYPE jaeger_build_info gauge\njaeger_build_info{build_date=\"x\",revision=\"y\",version=\"v1.42.0\"} 1\n"
	const v2Metrics = `target_info{service_instance_id="a",service_name="jaeger",service_version="v2.13.0"} 1` + "\n"
	const otelMetrics = `target_info{service_instance_id="a",service_name="otelcol-contrib",service_version="2.1.0"} 1` + "\n"
	tests := map[string]struct {
		page  http.HandlerFunc
		ports map[string]http.HandlerFunc
		code  probe.Code
		fact  string
		saw   string
	}{
		"1.62 by its page": {
			pageOf("v1.62.0"), nil, CodeVersion,
			"this is Jaeger v1.62.0; Jaeger 1.x reached its end of life on 2025-12-31", "JAEGER_VERSION in ",
		},
		"2.20 by its page": {pageOf("v2.20.0"), nil, CodeVersion, "this is Jaeger v2.20.0", "JAEGER_VERSION in "},
		"1.42 by its metrics": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 14269": probetest.Answer(200, "", v1Metrics)},
			CodeVersion,
			"this is Jaeger v1.42.0; Jaeger 1.x reached its end of life on 2025-12-31", "jaeger_build_info at http://localhost:14269/metrics",
		},
		"2.13 by its metrics": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 8888": probetest.Answer(200, "", v2Metrics)},
			CodeVersion,
			"this is Jaeger v2.13.0", "target_info at http://localhost:8888/metrics",
		},
		"1.x by metrics without a version": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 14269": probetest.Answer(200, "", strings.Replace(v1Metrics, "v1.42.0", "", 1))},
			codeMajor, "this is a Jaeger 1 of unknown version; Jaeger 1.x reached its end of life on 2025-12-31", "jaeger_build_info at ",
		},
		"2.x by its health": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 13133": probetest.Answer(200, "", `{"status":"StatusOK","components":{"extension:jaeger_query":{}}}`)},
			codeMajor, "this is a Jaeger 2 of unknown version", "http://localhost:13133/status?verbose lists extension:jaeger_query",
		},
		"2.x by how it misses a trace": {
			probetest.Answer(404, "Content-Type: text/plain", `{"error":{"httpCode":404,"message":"No traces found"}}`), nil,
			codeMajor, "this is a Jaeger 2 of unknown version", "GET http://",
		},
		"1.42 by how it misses a trace": {
			probetest.Answer(500, "", `{"error":{"grpcCode":2,"httpCode":500,"message":"trace not found"}}`), nil,
			codeMajor, "this is a Jaeger 1 of unknown version; Jaeger 1.x reached its end of life on 2025-12-31", "GET http://",
		},
		"otdemo's own": {
			probetest.Answer(200, "Content-Type: text/html", "<html><title>otdemo: recent traces</title>"), nil,
			codeOtdemo, "this is otdemo's own backend", "the title of http://",
		},
		"another collector beside it": {
			pageOf(""),
			map[string]http.HandlerFunc{
				"tcp 8888": probetest.Answer(200, "", otelMetrics), "tcp 13133": probetest.Answer(200, "", `{"status":"StatusOK"}`),
			},
			codeUnknown, "could not determine the Jaeger version", "",
		},
		"a version of another major on the port": {
			pageOf(""),
			map[string]http.HandlerFunc{
				"tcp 14269": probetest.Answer(200, "", strings.Replace(v1Metrics, "v1.42.0", "v2.13.0", 1)),
				"tcp 8888":  probetest.Answer(200, "", strings.Replace(v2Metrics, "v2.13.0", "v1.42.0", 1)),
			},
			codeUnknown, "could not determine the Jaeger version", "",
		},
		"another program": {
			probetest.Answer(200, "Content-Type: text/html", probetest.HomePage), nil,
			codeUnknown, "could not determine the Jaeger version", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := map[string]string{}
			for port, h := range tt.ports {
				to[port] = probetest.Hostport(probetest.Serve(t, h).URL)
			}
			target := probetest.Outside(probetest.Load(t, "query.url", probetest.Serve(t, tt.page).URL))
			target.Dial = probetest.UsualPorts(to)
			f, env := probetest.Examine(t, Probe(), target, nil)
			if f.Code != tt.code || f.Fact != tt.fact {
				t.Errorf("got %s %q, want %s %q", f.Code, f.Fact, tt.code, tt.fact)
			}
			if tt.saw != "" && !strings.HasPrefix(probe.First(f.Evidence), tt.saw) {
				t.Errorf("got evidence %q, want %q", f.Evidence, tt.saw)
			}
			if got := env.Published.(Identity); got.Host != "127.0.0.1" {
				t.Errorf("learned %+v, want the host of the query API", got)
			}
		})
	}
}

// A program on the default ports, next to a Jaeger on custom ones, is another
// Jaeger.
func TestIdentityLeavesOtherJaegersAlone(t *testing.T) {
	t.Parallel()
	other := probetest.Serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("unexpected request for %s", r.URL) })
	target := probetest.Outside(probetest.Load(t, "query.url", probetest.Serve(t, pageOf("")).URL, "reporter.agent.port", "16831"))
	target.Dial = probetest.UsualPorts(map[string]string{
		"tcp 14269": probetest.Hostport(other.URL), "tcp 8888": probetest.Hostport(other.URL), "tcp 13133": probetest.Hostport(other.URL),
	})
	if f, _ := probetest.Examine(t, Probe(), target, nil); f.Code != codeUnknown {
		t.Errorf("got %s %q, want it unknown", f.Code, f.Fact)
	}
}

// A firewall before the other ports must not make a healthy check slow.
func TestIdentityDoesNotWaitForAdminPorts(t *testing.T) {
	t.Parallel()
	silent := map[string]string{"tcp 14269": "silent", "tcp 8888": "silent", "tcp 13133": "silent"}
	for version, most := range map[string]time.Duration{"v1.62.0": probe.AdminTimeout - 50*time.Millisecond, "": 2 * probe.AdminTimeout} {
		target := probetest.Outside(probetest.Load(t, "query.url", probetest.Serve(t, pageOf(version)).URL))
		target.Dial = probetest.UsualPorts(silent)
		start := time.Now()
		probetest.Examine(t, Probe(), target, nil)
		if took := time.Since(start); took > most {
			t.Errorf("version %q took %s, want less than %s", version, took, most)
		}
	}
}
