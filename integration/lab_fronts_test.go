package integration

import (
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/lab"
)

// frontEnvironments have something that stands before a Jaeger 1.62, or in its place.
// They need no machine.
func frontEnvironments() []environment {
	return []environment{
		{"fronts of the query API", queryFronts, queryFaultCases()},
		{"fronts of the collector", collectorFronts, collectorFaultCases()},
		{"another Jaeger", anotherJaeger, []faultCase{
			{
				cause: "Q-00", how: "query.url is that of another Jaeger",
				flags: []string{"--agent-host", "127.0.0.1", "--agent-port", "{agent}", "--query-url", "{query of another}"},
				exit:  1, hop: "delivery", code: "canary-lost",
				maybe: []string{"query.url belongs to another Jaeger"},
			},
			{
				cause: "Q-00", how: "query.url is that of another Jaeger, over HTTP",
				flags: []string{"--collector-endpoint", "{collector}", "--query-url", "{query of another}"},
				exit:  1, hop: "delivery", code: "canary-lost", hint: "docker logs",
				maybe: []string{"belongs to another Jaeger", "queue is full", "storage rejects"},
			},
			{
				cause: "N-02", how: "another program that holds the UDP port",
				flags: []string{"--agent-host", "127.0.0.1", "--agent-port", "{deaf}", "--query-url", "{query}"},
				exit:  1, hop: "delivery", code: "canary-lost", hint: "--collector-endpoint",
				maybe: []string{"another program uses the port"},
			},
			{
				cause: "N-02", how: "another program on the UDP port that answers",
				flags: []string{"--agent-host", "127.0.0.1", "--agent-port", "{echo}", "--query-url", "{query}"},
				exit:  1, hop: "network", code: "udp-answered", hint: "ss -lnup",
			},
		}},
	}
}

// portOf returns the port of a URL or of a host:port.
func portOf(t *testing.T, addr string) string {
	t.Helper()
	if u, err := url.Parse(addr); err == nil && u.Port() != "" {
		return u.Port()
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func anotherJaeger(t *testing.T) place {
	t.Helper()
	one, another := jaegers.Start(t, jaegers.V162()), jaegers.Start(t, jaegers.V162())
	return place{names: map[string]string{
		"agent":            portOf(t, one.AgentHostPort),
		"collector":        one.CollectorURL,
		"query":            one.QueryURL,
		"query of another": another.QueryURL,
		"deaf":             portOf(t, lab.Swallow(t)),
		"echo":             portOf(t, lab.Echo(t)),
	}}
}

func queryFronts(t *testing.T) place {
	t.Helper()
	j := jaegers.Start(t, jaegers.V162())
	tls := lab.TLSFront(t, j.QueryURL)
	return place{names: map[string]string{
		"agent":       portOf(t, j.AgentHostPort),
		"path":        lab.Front(t, j.QueryURL, lab.UnderPath("/jaeger")),
		"page":        lab.Answer(t, http.StatusOK, "text/html", "<!doctype html><title>Welcome</title>"),
		"json":        lab.Answer(t, http.StatusOK, "application/json", `{"hello":"world"}`),
		"login":       lab.LoginPage(t),
		"moved":       lab.RedirectTo(t, tls, http.StatusPermanentRedirect),
		"tls":         tls,
		"tls-host":    "127.0.0.1:" + portOf(t, tls),
		"password":    lab.Front(t, j.QueryURL, lab.Password("me", "secret")),
		"gateway":     lab.Answer(t, http.StatusBadGateway, "text/html", "<h1>502 Bad Gateway</h1>"),
		"shards":      lab.Answer(t, http.StatusInternalServerError, "application/json", `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":500,"msg":"elastic: Error 400 (Bad Request): all shards failed [type=search_phase_execution_exception]"}]}`),
		"stuck":       "http://" + lab.Hang(t),
		"reset":       "http://" + lab.Reset(t),
		"slow":        lab.Front(t, j.QueryURL, lab.SlowStorage(2*time.Second)),
		"ahead":       lab.Front(t, j.QueryURL, lab.ClockOff(time.Hour)),
		"behind":      lab.Front(t, j.QueryURL, lab.ClockOff(-time.Hour)),
		"searchless":  lab.Front(t, j.QueryURL, lab.Instead("/api/traces", `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`)),
		"serviceless": lab.Front(t, j.QueryURL, lab.Instead("/services", `{"services":[],"data":[],"total":0,"limit":0,"offset":0,"errors":null}`)),
	}}
}

func queryFaultCases() []faultCase {
	ask := func(how, urlOf, code, hint string, maybe ...string) faultCase {
		return faultCase{
			cause: "Q-00", how: "the query API is " + how,
			flags: []string{"--agent-host", "127.0.0.1", "--agent-port", "{agent}", "--query-url", urlOf},
			exit:  3, hop: "query", code: code, hint: hint, maybe: maybe,
		}
	}
	fine := func(how, urlOf string) faultCase {
		a := ask(how, urlOf, "", "")
		return well(a.how, a.flags...)
	}
	clock := func(how, urlOf string) faultCase {
		a := ask(how, urlOf, "clock-differs", "timedatectl set-ntp true")
		a.cause, a.exit, a.hop = "Q-01", 0, "clock"
		return a
	}
	unsearched := func(how, urlOf, code, hint string) faultCase {
		a := ask(how, urlOf, code, hint)
		a.cause, a.exit, a.hop = "ES-09", 0, "storage"
		return a
	}
	return []faultCase{
		unsearched("one that finds nothing by search", "{searchless}", "search-misses", "/api/traces?service=otdemo-check"),
		unsearched("one that lists no services", "{serviceless}", "search-service-missing", "docker restart jaeger"),
		ask("under a path that is not given", "{path}", "query-path-wrong", "/jaeger"),
		fine("under a path", "{path}/jaeger"),
		ask("a page of another program", "{page}", "query-not-json", "16686", "login page", "another program"),
		ask("JSON of another program", "{json}", "query-not-json", "16686"),
		ask("behind a login page", "{login}", "query-login", "past the proxy"),
		ask("moved to https", "{moved}", "query-redirects", "--query-url https://"),
		ask("behind TLS, asked in plain", "http://{tls-host}", "query-tls-mismatch", "--query-url https://"),
		ask("behind TLS with a certificate that nobody trusts", "{tls}", "query-certificate", ""),
		ask("behind a password", "{password}", "query-unauthorized", "USER:PASSWORD@"),
		ask("behind a gateway without it", "{gateway}", "query-error", "docker logs"),
		ask("unable to read Elasticsearch", "{shards}", "query-error", "docker logs"),
		ask("stuck", "{stuck}", "query-timeout", ""),
		ask("behind a proxy that resets", "{reset}", "query-unreachable", ""),
		fine("over a storage that takes 2 s to show a span", "{slow}"),
		clock("on a host whose clock is an hour ahead (its Date header is)", "{ahead}"),
		clock("on a host whose clock is an hour behind (its Date header is)", "{behind}"),
	}
}

func collectorFronts(t *testing.T) place {
	t.Helper()
	j := jaegers.Start(t, jaegers.V162())
	front := func(target string, layers ...lab.Layer) string {
		return lab.Front(t, target, layers...) + "/api/traces"
	}
	target := "http://127.0.0.1:" + portOf(t, j.CollectorURL)
	tls := lab.TLSFront(t, target)
	return place{names: map[string]string{
		"query":    j.QueryURL,
		"well":     front(target),
		"password": front(target, lab.Password("me", "secret")),
		"login":    lab.LoginPage(t) + "/api/traces",
		"moved":    lab.RedirectTo(t, tls, http.StatusMovedPermanently) + "/api/traces",
		"tls":      tls + "/api/traces",
		"tls-host": "127.0.0.1:" + portOf(t, tls),
		"page":     lab.Answer(t, http.StatusOK, "text/html", "<!doctype html><title>Welcome</title>") + "/api/traces",
		"gateway":  lab.Answer(t, http.StatusServiceUnavailable, "text/plain", "no healthy upstream") + "/api/traces",
		"stuck":    "http://" + lab.Hang(t) + "/api/traces",
		"reset":    "http://" + lab.Reset(t) + "/api/traces",
	}}
}

func collectorFaultCases() []faultCase {
	post := func(cause, how, endpoint, code, hint string) faultCase {
		return faultCase{
			cause: cause, how: "the collector is " + how,
			flags: []string{"--collector-endpoint", endpoint, "--query-url", "{query}"},
			exit:  1, hop: "network", code: code, hint: hint,
		}
	}
	known := well("the collector is behind a password that is given", "--collector-endpoint", "{password}", "--query-url", "{query}")
	known.env = []string{"OTDEMO_REPORTER_COLLECTOR_USER=me", "OTDEMO_REPORTER_COLLECTOR_PASSWORD=secret"}
	wrong := post("R-08", "behind a password that is wrong", "{password}", "collector-unauthorized", "OTDEMO_REPORTER_COLLECTOR_USER")
	wrong.env = []string{"OTDEMO_REPORTER_COLLECTOR_USER=me", "OTDEMO_REPORTER_COLLECTOR_PASSWORD=guess"}
	gone := post("A-06", "behind a gateway without it", "{gateway}", "collector-error", "docker logs")
	gone.hop = "storage"
	return []faultCase{
		well("the collector is behind a proxy", "--collector-endpoint", "{well}", "--query-url", "{query}"),
		known, wrong, gone,
		post("R-08", "behind a password", "{password}", "collector-unauthorized", "OTDEMO_REPORTER_COLLECTOR_USER"),
		post("R-07", "behind a login page", "{login}", "collector-redirects", ":14268/api/traces"),
		post("R-07", "moved to https", "{moved}", "collector-redirects", "--collector-endpoint https://"),
		post("R-07", "a page of another program", "{page}", "collector-wrong-port", ":14268/api/traces"),
		post("A-02", "behind TLS, spoken to in plain", "http://{tls-host}/api/traces", "collector-tls-mismatch", "--collector-endpoint https://"),
		post("A-02", "behind TLS with a certificate that nobody trusts", "{tls}", "collector-certificate", "SSL_CERT_FILE="),
		post("N-10", "behind a proxy that resets what is not mutual TLS", "{reset}", "collector-unreachable", "curl -sSv"),
		post("A-03", "stuck", "{stuck}", "collector-timeout", "nc -vz"),
	}
}
