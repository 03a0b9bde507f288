package doctor

import (
	"context"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// usualPorts dials every usual port of Jaeger's to where the test says, and
// refuses those it does not name, whatever runs on this machine. Keys are as
// "tcp 14268".
func usualPorts(to map[string]string) dialFunc {
	usual := []string{
		"tcp 4317", "tcp 4318", "tcp 5778", "tcp 5779", "tcp 6831", "tcp 6832", "tcp 8888", "tcp 9411", "tcp 13132", "tcp 13133",
		"tcp 14250", "tcp 14268", "tcp 14269", "tcp 14271", "tcp 16685", "tcp 16686", "udp 5775", "udp 6831", "udp 6832",
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		name := network + " " + port
		elsewhere, ok := to[name]
		switch {
		case ok && elsewhere == "silent":
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		case ok:
			addr = elsewhere
		case slices.Contains(usual, name):
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
}

func hostport(url string) string { return strings.TrimPrefix(url, "http://") }

const jaegerPage = `<!doctype html><html><head><base href="/"/><title>Jaeger UI</title><script>
	// JAEGER_VERSION is replaced by the server
	JAEGER_VERSION = {"gitCommit":"abc","gitVersion":"TAG","buildDate":"2024-10-06"};</script>`

func pageOf(version string) http.HandlerFunc {
	return answer(200, "Content-Type: text/html", strings.Replace(jaegerPage, "TAG", version, 1))
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	const v1Metrics = "# TYPE jaeger_build_info gauge\njaeger_build_info{build_date=\"x\",revision=\"y\",version=\"v1.42.0\"} 1\n"
	const v2Metrics = `target_info{service_instance_id="a",service_name="jaeger",service_version="v2.13.0"} 1` + "\n"
	const otelMetrics = `target_info{service_instance_id="a",service_name="otelcol-contrib",service_version="2.1.0"} 1` + "\n"
	tests := map[string]struct {
		page  http.HandlerFunc
		ports map[string]http.HandlerFunc
		code  Code
		fact  string
		saw   string
	}{
		"1.62 by its page": {
			pageOf("v1.62.0"), nil, codeIdentityVersion,
			"this is Jaeger v1.62.0, of the 1.x that ended on 2025-12-31", "JAEGER_VERSION in ",
		},
		"2.20 by its page": {pageOf("v2.20.0"), nil, codeIdentityVersion, "this is Jaeger v2.20.0", "JAEGER_VERSION in "},
		"1.42 by its metrics": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 14269": answer(200, "", v1Metrics)},
			codeIdentityVersion,
			"this is Jaeger v1.42.0, of the 1.x that ended on 2025-12-31", "jaeger_build_info at http://localhost:14269/metrics",
		},
		"2.13 by its metrics": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 8888": answer(200, "", v2Metrics)},
			codeIdentityVersion,
			"this is Jaeger v2.13.0", "target_info at http://localhost:8888/metrics",
		},
		"1.x by metrics without a version": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 14269": answer(200, "", strings.Replace(v1Metrics, "v1.42.0", "", 1))},
			codeIdentityMajor, "this is a Jaeger 1 that does not tell its version, of the 1.x that ended on 2025-12-31", "jaeger_build_info at ",
		},
		"2.x by its health": {
			pageOf(""),
			map[string]http.HandlerFunc{"tcp 13133": answer(200, "", `{"status":"StatusOK","components":{"extension:jaeger_query":{}}}`)},
			codeIdentityMajor, "this is a Jaeger 2 that does not tell its version", "http://localhost:13133/status?verbose lists extension:jaeger_query",
		},
		"2.x by how it misses a trace": {
			answer(404, "Content-Type: text/plain", `{"error":{"httpCode":404,"message":"No traces found"}}`), nil,
			codeIdentityMajor, "this is a Jaeger 2 that does not tell its version", "GET http://",
		},
		"1.42 by how it misses a trace": {
			answer(500, "", `{"error":{"grpcCode":2,"httpCode":500,"message":"trace not found"}}`), nil,
			codeIdentityMajor, "this is a Jaeger 1 that does not tell its version, of the 1.x that ended on 2025-12-31", "GET http://",
		},
		"otdemo's own": {
			answer(200, "Content-Type: text/html", "<html><title>otdemo: recent traces</title>"), nil,
			codeIdentityOwn, "this is otdemo's own backend", "the title of http://",
		},
		"another collector beside it": {
			pageOf(""),
			map[string]http.HandlerFunc{
				"tcp 8888": answer(200, "", otelMetrics), "tcp 13133": answer(200, "", `{"status":"StatusOK"}`),
			},
			codeIdentityUnknown, "nothing here tells which Jaeger this is", "",
		},
		"a version of another major on the port": {
			pageOf(""),
			map[string]http.HandlerFunc{
				"tcp 14269": answer(200, "", strings.Replace(v1Metrics, "v1.42.0", "v2.13.0", 1)),
				"tcp 8888":  answer(200, "", strings.Replace(v2Metrics, "v2.13.0", "v1.42.0", 1)),
			},
			codeIdentityUnknown, "nothing here tells which Jaeger this is", "",
		},
		"another program": {
			answer(200, "Content-Type: text/html", homePage), nil,
			codeIdentityUnknown, "nothing here tells which Jaeger this is", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := map[string]string{}
			for port, h := range tt.ports {
				to[port] = hostport(serve(t, h).URL)
			}
			target := outside(load(t, "query.url", serve(t, tt.page).URL))
			target.Dial = usualPorts(to)
			f, env := examine(t, identityProbe(), target, nil)
			if f.Code != tt.code || f.Fact != tt.fact {
				t.Errorf("got %s %q, want %s %q", f.Code, f.Fact, tt.code, tt.fact)
			}
			if tt.saw != "" && !strings.HasPrefix(first(f.Evidence), tt.saw) {
				t.Errorf("got evidence %q, want %q", f.Evidence, tt.saw)
			}
			if got := env.learned.(identity); got.host != "127.0.0.1" {
				t.Errorf("learned %+v, want the host of the query API", got)
			}
		})
	}
}

// What listens on the usual ports beside a Jaeger on unusual ones is another one.
func TestIdentityLeavesOtherJaegersAlone(t *testing.T) {
	t.Parallel()
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) })
	target := outside(load(t, "query.url", serve(t, pageOf("")).URL, "reporter.agent.port", "16831"))
	target.Dial = usualPorts(map[string]string{
		"tcp 14269": hostport(other.URL), "tcp 8888": hostport(other.URL), "tcp 13133": hostport(other.URL),
	})
	if f, _ := examine(t, identityProbe(), target, nil); f.Code != codeIdentityUnknown {
		t.Errorf("got %s %q, want it unknown", f.Code, f.Fact)
	}
}

// A firewall before the other ports must not make a healthy check slow.
func TestIdentityDoesNotWaitForNeighbours(t *testing.T) {
	t.Parallel()
	silent := map[string]string{"tcp 14269": "silent", "tcp 8888": "silent", "tcp 13133": "silent"}
	for version, most := range map[string]time.Duration{"v1.62.0": neighbourTimeout - 50*time.Millisecond, "": 2 * neighbourTimeout} {
		target := outside(load(t, "query.url", serve(t, pageOf(version)).URL))
		target.Dial = usualPorts(silent)
		start := time.Now()
		examine(t, identityProbe(), target, nil)
		if took := time.Since(start); took > most {
			t.Errorf("version %q took %s, want less than %s", version, took, most)
		}
	}
}
