package integration

// beside are the mistakes of an application on the same machine as a Jaeger that
// is well, which goes by this name.
type beside string

// post sends spans over HTTP to a URL that is not the collector's.
func (b beside) post(cause, url, code string) faultCase {
	return faultCase{
		cause: cause, how: "JAEGER_ENDPOINT=" + url + ", " + string(b), env: []string{"JAEGER_ENDPOINT=" + url},
		exit: 1, hop: "network", code: code, hint: "--collector-endpoint http://127.0.0.1:14268/api/traces",
	}
}

// ask reads back at a URL that is not the query API's.
func (b beside) ask(url, code string) faultCase {
	return faultCase{
		cause: "Q-00", how: "--query-url " + url + ", " + string(b), flags: []string{"--query-url", url},
		exit: 3, hop: "query", code: code, hint: "--query-url http://127.0.0.1:16686",
	}
}

// sendTo sends spans over UDP to a port that is not for them.
func (b beside) sendTo(port, hop, code string) faultCase {
	return faultCase{
		cause: "N-03", how: "JAEGER_AGENT_PORT=" + port + ", " + string(b), env: []string{"JAEGER_AGENT_PORT=" + port},
		exit: 1, hop: hop, code: code, hint: "--agent-port 6831",
	}
}

// well is no mistake.
func well(how string, flags ...string) faultCase {
	return faultCase{cause: "none", how: how, flags: flags, hop: "delivery", code: "canary-delivered"}
}

func faultCases162() []faultCase {
	const b beside = "Jaeger 1.62"
	return []faultCase{
		well("Jaeger 1.62 as it comes"),
		well("Jaeger 1.62 over IPv6", "--agent-host", "::1"),
		well("port 5775, which Jaeger 1.62 has", "--agent-port", "5775"),
		b.sendTo("6832", "network", "udp-wrong-encoding"),
		b.sendTo("16686", "network", "udp-refused"),
		b.sendTo("14268", "network", "udp-refused"),
		b.sendTo("6830", "network", "udp-refused"),
		b.post("R-06", "http://127.0.0.1:14268", "collector-path-wrong"),
		b.post("R-06", "http://127.0.0.1:14268/api/traces/", "collector-path-wrong"),
		b.post("R-07", "http://127.0.0.1:16686/", "collector-wrong-port"),
		b.post("R-07", "http://127.0.0.1:16686/api/traces", "collector-path-wrong"),
		b.post("R-07", "http://127.0.0.1:14269/api/traces", "collector-wrong-port"),
		b.post("A-08", "http://127.0.0.1:4318/v1/traces", "collector-media-type"),
		b.post("A-08", "http://127.0.0.1:4318/api/traces", "collector-path-wrong"),
		b.post("A-08", "http://127.0.0.1:4317/api/traces", "collector-not-http"),
		b.post("A-08", "http://127.0.0.1:14250/api/traces", "collector-not-http"),
		b.post("A-08", "http://127.0.0.1:5778/api/traces", "collector-path-wrong"),
		b.post("A-02", "https://127.0.0.1:14268/api/traces", "collector-tls-mismatch"),
		b.ask("http://127.0.0.1:14268", "query-path-wrong"),
		b.ask("http://127.0.0.1:14269", "query-not-json"),
		b.ask("http://127.0.0.1:16685", "query-not-http"),
		b.ask("http://127.0.0.1:4318", "query-path-wrong"),
		b.ask("http://127.0.0.1:5778", "query-path-wrong"),
		b.ask("http://127.0.0.1:16686/jaeger", "query-not-json"),
		b.ask("http://127.0.0.1:16686/search", "query-not-json"),
		b.ask("https://127.0.0.1:16686", "query-tls-mismatch"),
	}
}

func faultCases213() []faultCase {
	const b beside = "Jaeger 2.13"
	return []faultCase{
		well("Jaeger 2.13 as it comes"),
		{
			cause: "S-05", how: "a remote sampler, Jaeger 2.13", env: []string{"JAEGER_SAMPLER_TYPE=remote"},
			hop: "sampling", code: "strategy-numeric-type", hint: "JAEGER_SAMPLER_TYPE=const",
		},
		{
			cause: "S-04", how: "14268/api/sampling, which Jaeger 2.13 does not have",
			env:  []string{"JAEGER_SAMPLER_TYPE=remote", "JAEGER_SAMPLER_PARAM=0", "JAEGER_SAMPLING_ENDPOINT=http://127.0.0.1:14268/api/sampling"},
			exit: 1, hop: "sampling", code: "strategy-unreachable", hint: keepAll,
		},
		{
			cause: "V-04", how: "::1, Jaeger 2.13", flags: []string{"--agent-host", "::1"},
			exit: 1, hop: "network", code: "udp-refused", hint: "--agent-host 127.0.0.1",
		},
		b.sendTo("6832", "network", "udp-wrong-encoding"),
		b.sendTo("5775", "identity", "udp-not-served"),
		b.post("R-07", "http://127.0.0.1:16686/api/traces", "collector-wrong-port"),
		b.post("R-07", "http://127.0.0.1:13133/status", "collector-wrong-port"),
		b.post("R-07", "http://127.0.0.1:8888/metrics", "collector-wrong-port"),
		b.post("A-07", "http://127.0.0.1:9411/api/v2/spans", "collector-rejects"),
		b.post("A-08", "http://127.0.0.1:5778/api/traces", "collector-rejects"),
		b.ask("http://127.0.0.1:13133", "query-path-wrong"),
		b.ask("http://127.0.0.1:8888", "query-path-wrong"),
	}
}

// faultCasesAlone are those of a machine on which nothing runs.
func faultCasesAlone() []faultCase {
	const pod = "KUBERNETES_SERVICE_HOST=10.0.0.1"
	return []faultCase{
		{cause: "R-01", how: "no Jaeger at all", exit: 1, hop: "network", code: "udp-refused", hint: "otdemo all-in-one"},
		{
			cause: "R-01", how: "no Jaeger at all, over HTTP", flags: []string{"--collector-endpoint", "http://127.0.0.1:14268/api/traces"},
			exit: 1, hop: "network", code: "collector-refused", hint: "14268",
		},
		{
			cause: "N-01", how: "localhost in a pod without a sidecar", env: []string{pod},
			exit: 1, hop: "network", code: "udp-refused", hint: "JAEGER_AGENT_HOST=",
			maybe: []string{"another container", "status.hostIP"},
		},
		{
			cause: "N-08", how: "a name that no resolver knows", flags: []string{"--agent-host", "jaeger"},
			exit: 1, hop: "resolve", code: "agent-host-unresolved", hint: "--agent-host",
			maybe: []string{"another network", "hostname:"},
		},
		{
			cause: "N-08", how: "a name that no resolver knows, over HTTP", flags: []string{"--collector-endpoint", "http://jaeger:14268/api/traces"},
			exit: 1, hop: "resolve", code: "collector-unresolved", hint: "getent hosts jaeger",
		},
		{
			cause: "N-08", how: "an address without a route to it", flags: []string{"--agent-host", "192.0.2.1"},
			exit: 1, hop: "network", code: "udp-unreachable", hint: "ip route get 192.0.2.1",
		},
	}
}
