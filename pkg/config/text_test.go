package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// TestFaults has what is wrong with variables and flags; invalid_test.go has
// the file.
func TestFaults(t *testing.T) {
	t.Parallel()
	flag := func(name, key, value string) []config.Flag {
		return []config.Flag{{Name: name, Key: key, Value: value}}
	}
	tests := []struct {
		name  string
		env   []string
		flags []config.Flag
		want  []string
	}{
		{"bool", []string{"JAEGER_DISABLED=yes"}, nil, []string{`JAEGER_DISABLED: disabled must be true or false, got "yes"`, "hint: the default is JAEGER_DISABLED=false"}},
		{"opposite bool", []string{"JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED=x"}, nil, []string{`JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED: reporter.agent.reconnect must be true or false, got "x"`}},
		{"number", []string{"OTDEMO_SAMPLER_PARAM=all"}, nil, []string{`OTDEMO_SAMPLER_PARAM: sampler.param must be a number, got "all"`, "hint: the default is OTDEMO_SAMPLER_PARAM=1"}},
		{"newline", []string{"OTDEMO_SERVE_PORT=80\n"}, nil, []string{`OTDEMO_SERVE_PORT: serve.port must be a whole number, got "80\n"`, "hint: the default is OTDEMO_SERVE_PORT=8000"}},
		{"duration in milliseconds", []string{"JAEGER_REPORTER_FLUSH_INTERVAL=1000"}, nil, []string{"JAEGER_REPORTER_FLUSH_INTERVAL: reporter.flush_interval needs a unit, got 1000", "hint: did you mean JAEGER_REPORTER_FLUSH_INTERVAL=1000ms?"}},
		{"duration", nil, flag("--flush", "reporter.flush_interval", "2"), []string{"--flush: reporter.flush_interval needs a unit, got 2", "hint: did you mean --flush 2s?"}},
		{"kubernetes port", []string{"JAEGER_AGENT_PORT=tcp://10.0.0.1:6831"}, nil, []string{
			`JAEGER_AGENT_PORT: reporter.agent.port must be a whole number, got "tcp://10.0.0.1:6831"`,
			"hint: Kubernetes sets this for a service of that name: put enableServiceLinks: false into the pod's spec, or set the variable there yourself",
		}},
		{"tags without =", []string{"JAEGER_TAGS=a"}, nil, []string{`JAEGER_TAGS: tags must be name=value pairs separated by commas, got "a"`, "hint: did you mean JAEGER_TAGS=a=true?"}},
		{"tags with a comma at the end", []string{"JAEGER_TAGS=a=b,"}, nil, []string{`JAEGER_TAGS: tags must be name=value pairs separated by commas, got "a=b,"`, "hint: did you mean JAEGER_TAGS=a=b?"}},
		{"tags with a comma in a value", []string{"OTDEMO_TAGS=a=b, c"}, nil, []string{`OTDEMO_TAGS: tags must be name=value pairs separated by commas, got "a=b, c"`, `hint: write "c" as c=value; a comma cannot be part of a value`}},
		{"tags with a bare variable", []string{"JAEGER_TAGS=a=${X}"}, nil, []string{`JAEGER_TAGS: tags must write a variable with its default, as ${NAME:default}, got "${X}"`, "hint: did you mean JAEGER_TAGS='a=${X:}'?"}},
		{"tags without name", []string{"JAEGER_TAGS==b"}, nil, []string{`JAEGER_TAGS: tags must not have an empty name, got "=b"`, "hint: write tags: [{name: region, value: eu}]"}},
		{"user alone", []string{"JAEGER_ENDPOINT=http://c/api/traces", "JAEGER_USER=u"}, nil, []string{"JAEGER_USER: JAEGER_USER and JAEGER_PASSWORD must be set together", "hint: set both, or unset JAEGER_USER"}},
		{"endpoint", []string{"JAEGER_ENDPOINT=jaeger:14268"}, nil, []string{`JAEGER_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "jaeger:14268"`, "hint: did you mean JAEGER_ENDPOINT=http://jaeger:14268/api/traces?"}},
		{"manager without scheme", []string{"JAEGER_SAMPLER_MANAGER_HOST_PORT=jaeger:5778"}, nil, []string{`JAEGER_SAMPLER_MANAGER_HOST_PORT: sampler.endpoint must start with http:// or https://, got "jaeger:5778"`, "hint: did you mean JAEGER_SAMPLER_MANAGER_HOST_PORT=http://jaeger:5778/sampling?"}},
		{"agent's host that only the sampler reads", []string{"JAEGER_ENDPOINT=http://c/api/traces", "JAEGER_AGENT_HOST=a:1"}, nil, []string{`JAEGER_AGENT_HOST: reporter.agent.host must be a host without a port, which is reporter.agent.port, got "a:1"`, "hint: did you mean JAEGER_AGENT_HOST=a?"}},
		{"param of another type", []string{"JAEGER_SAMPLER_PARAM=0.1"}, nil, []string{"JAEGER_SAMPLER_PARAM: sampler.param must be 0 or 1 for const, got 0.1", "hint: did you mean JAEGER_SAMPLER_TYPE=probabilistic as well?"}},
		{"type over a param", []string{"OTDEMO_SAMPLER_TYPE=ratelimiting", "OTDEMO_SAMPLER_PARAM=5"}, flag("--sampler-type", "sampler.type", "const"), []string{"OTDEMO_SAMPLER_PARAM: sampler.param must be 0 or 1 for const (--sampler-type), got 5", "hint: did you mean --sampler-param 1 as well?"}},
		{"propagation", []string{"OTDEMO_PROPAGATION=jaeger,"}, nil, []string{`OTDEMO_PROPAGATION: propagation must be jaeger, w3c, b3, b3-single or appdash, got ""`, "hint: did you mean OTDEMO_PROPAGATION=jaeger?"}},
		{"formats of an unknown tracer", []string{"OTDEMO_TRACER=zipkn", "OTDEMO_PROPAGATION=appdash"}, nil, []string{`OTDEMO_TRACER: tracer must be jaeger, zipkin, appdash, otel or noop, got "zipkn"`, "hint: did you mean OTDEMO_TRACER=zipkin?"}},
		{"unknown, near", []string{"OTDEMO_REPORTER_AGENT_PROT=1"}, nil, []string{"OTDEMO_REPORTER_AGENT_PROT: no configuration key has this variable", "hint: did you mean OTDEMO_REPORTER_AGENT_PORT?"}},
		{"unknown, short", []string{"OTDEMO_AGENT_HOST=a"}, nil, []string{"OTDEMO_AGENT_HOST: no configuration key has this variable", "hint: did you mean OTDEMO_REPORTER_AGENT_HOST?"}},
		{"unknown, two", []string{"OTDEMO_PORT=1"}, nil, []string{"OTDEMO_PORT: no configuration key has this variable", "hint: did you mean OTDEMO_REPORTER_AGENT_PORT or OTDEMO_SERVE_PORT?"}},
		{"unknown, far", []string{"OTDEMO_COLOUR=red"}, nil, []string{"OTDEMO_COLOUR: no configuration key has this variable", "hint: unset OTDEMO_COLOUR; otdemo config lists the keys; the variable of serve.port, for example, is OTDEMO_SERVE_PORT"}},
		{"kubernetes service", []string{"OTDEMO_SERVICE_HOST=10.0.0.1", "OTDEMO_PORT=tcp://10.0.0.1:80", "OTDEMO_PORT_80_TCP_ADDR=10.0.0.1", "OTDEMO_SERVICE_PORT_HTTP=80"}, nil, nil},
		{"argument", nil, flag("URL", "call.url", "localhost:8000"), []string{`URL: call.url must start with http:// or https://, got "localhost:8000"`, "hint: did you mean http://localhost:8000/?"}},
		{"flag without key", nil, flag("--x", "x", "1"), []string{`--x: sets the unknown key "x"`}},
		{"empty flag", nil, flag("--query-url", "query.url", ""), []string{"--query-url: query.url must not be empty", "hint: such as --query-url http://localhost:16686"}},
		{"long", []string{"OTDEMO_TRACER=" + strings.Repeat("é", 1000)}, nil, []string{`OTDEMO_TRACER: tracer must be jaeger, zipkin, appdash, otel or noop, got "` + strings.Repeat("é", 80) + `…"`, "hint: the default is OTDEMO_TRACER=jaeger"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Source{Dir: t.TempDir(), Environ: tt.env, Flags: tt.flags})
			if diff := cmp.Diff(tt.want, said(err)); diff != "" {
				t.Errorf("Load says (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEverythingAtOnce breaks every layer and wants them all named, in order.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Source{
		Dir:     dirWith(t, "serve: {prot: 1}\nquery: {url: ftp://h}\nreporter.queue_size: many\ndisabled: 1\n"),
		Environ: []string{"OTDEMO_NOPE_NOPE=1", "JAEGER_TAGS=a", "OTDEMO_CALL_URL=x y"},
		Flags:   []config.Flag{{Name: "--agent-port", Key: "reporter.agent.port", Value: "0"}},
	})
	want := []string{
		"config.yaml:1: unknown key serve.prot",
		`config.yaml:2: query.url must start with http:// or https://, got "ftp://h"`,
		`config.yaml:3: reporter.queue_size must be a whole number, got "many"`,
		"config.yaml:4: disabled must be true or false, got 1",
		`JAEGER_TAGS: tags must be name=value pairs separated by commas, got "a"`,
		"OTDEMO_NOPE_NOPE: no configuration key has this variable",
		`OTDEMO_CALL_URL: call.url must start with http:// or https://, got "x y"`,
		"--agent-port: reporter.agent.port must be between 1 and 65535, got 0",
	}
	var got []string
	for _, line := range said(err) {
		if !strings.HasPrefix(line, "hint: ") {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Load says (-want +got):\n%s", diff)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		env        []string
		flags      []config.Flag
		want       []string
	}{
		{"const 0", "sampler.param: 0", nil, nil, []string{"config.yaml:1: sampler.param 0 keeps no trace: sampler.type is const", "hint: did you mean sampler.param: 1?"}},
		{"remote 0", "", []string{"JAEGER_SAMPLER_TYPE=remote", "JAEGER_SAMPLER_PARAM=0"}, nil, []string{"JAEGER_SAMPLER_PARAM: sampler.param 0 keeps no trace until the strategy server has answered", "hint: did you mean JAEGER_SAMPLER_PARAM=1?"}},
		{"const 0 of a tracer that makes none anyway", "sampler.param: 0\ntracer: noop\nreporter.agent.port: 6832", nil, nil, nil},
		{"disabled", "sampler.param: 0", []string{"JAEGER_DISABLED=true"}, nil, []string{"JAEGER_DISABLED: disabled is true, so no spans are made", "hint: did you mean JAEGER_DISABLED=false?"}},
		{"binary port", "", []string{"JAEGER_AGENT_PORT=6832"}, nil, []string{"JAEGER_AGENT_PORT: reporter.agent.port is 6832, Jaeger's port for binary thrift over UDP; compact thrift over UDP is on 6831", "hint: did you mean JAEGER_AGENT_PORT=6831?"}},
		{"zipkin port", "reporter.agent.port: 5775", nil, nil, []string{"config.yaml:1: reporter.agent.port is 5775, Jaeger's port for Zipkin's thrift over UDP; compact thrift over UDP is on 6831", "hint: did you mean reporter.agent.port: 6831?"}},
		{"unusual port", "reporter.agent.port: 12345\nquery.url: http://h:80\nreporter.agent.host: h", nil, nil, nil},
		{"collector at the UI", "", []string{"JAEGER_ENDPOINT=http://me:hunter2@[::1]:16686/"}, nil, []string{"JAEGER_ENDPOINT: reporter.collector.endpoint has port 16686, Jaeger's port for the query API; thrift over HTTP is on 14268", "hint: did you mean JAEGER_ENDPOINT='http://[::1]:14268/api/traces'?"}},
		{"collector at OTLP", "reporter.collector.endpoint: http://h:4318/v1/traces", nil, nil, []string{"config.yaml:1: reporter.collector.endpoint has port 4318, Jaeger's port for OTLP over HTTP; thrift over HTTP is on 14268", "hint: did you mean reporter.collector.endpoint: http://h:14268/api/traces?"}},
		{"collector without path", "reporter.collector.endpoint: http://h:14268", nil, nil, []string{"config.yaml:1: reporter.collector.endpoint has no path; Jaeger uses /api/traces", "hint: did you mean reporter.collector.endpoint: http://h:14268/api/traces?"}},
		{"collector with a slash", "reporter.collector.endpoint: http://h/api/traces/", nil, nil, []string{"config.yaml:1: reporter.collector.endpoint ends in a slash; Jaeger uses /api/traces", "hint: did you mean reporter.collector.endpoint: http://h/api/traces?"}},
		{"agent under a collector", "reporter: {agent: {host: h, port: 1}, collector: {endpoint: 'http://h/api/traces'}}", nil, nil, nil},
		{"agent over a collector", "reporter.collector.endpoint: http://h/api/traces", nil, []config.Flag{{Name: "--agent-host", Key: "reporter.agent.host", Value: "h"}}, []string{"--agent-host: reporter.agent.host is not used, because reporter.collector.endpoint is set by config.yaml:1", "hint: remove reporter.collector.endpoint at config.yaml:1 to send spans over UDP"}},
		{"agent over JAEGER_ENDPOINT", "", []string{"JAEGER_ENDPOINT=http://h/api/traces", "OTDEMO_REPORTER_AGENT_PORT=1"}, nil, []string{"OTDEMO_REPORTER_AGENT_PORT: reporter.agent.port is not used, because reporter.collector.endpoint is set by JAEGER_ENDPOINT", "hint: unset JAEGER_ENDPOINT to send spans over UDP"}},
		{"credentials over UDP", "reporter.collector: {user: u, password: hunter2}", nil, nil, []string{"config.yaml:1: reporter.collector.user is not used, because reporter.collector.endpoint is empty", "hint: set reporter.collector.endpoint to send spans over HTTP"}},
		{"query at gRPC", "query.url: http://h:16685", nil, nil, []string{"config.yaml:1: query.url has port 16685, Jaeger's port for the query API over gRPC; the query API is on 16686", "hint: did you mean query.url: http://h:16686?"}},
		{"sampling server of another sampler", "", nil, []config.Flag{{Name: "--sampling-url", Key: "sampler.endpoint", Value: "http://h/sampling"}}, []string{"--sampling-url: sampler.endpoint is not used: sampler.type is const", "hint: did you mean --sampler-type remote as well?"}},
		{"sampling server kept in the file", "sampler.endpoint: http://h", nil, nil, nil},
		{"sampling server without path", "sampler: {type: remote, endpoint: 'http://h:5778'}", nil, nil, []string{"config.yaml:1: sampler.endpoint has no path; Jaeger uses /sampling", "hint: did you mean sampler.endpoint: http://h:5778/sampling?"}},
		{"sampling server with a slash", "sampler: {type: remote, endpoint: 'http://h:5778/sampling/'}", nil, nil, []string{"config.yaml:1: sampler.endpoint ends in a slash; Jaeger uses /sampling", "hint: did you mean sampler.endpoint: http://h:5778/sampling?"}},
		{"sampling server at the collector of Jaeger 1", "sampler: {type: remote, endpoint: 'http://h:14268/api/sampling'}", nil, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := config.Source{Dir: dirWith(t, tt.file), Environ: tt.env, Flags: tt.flags}
			if diff := cmp.Diff(tt.want, warned(mustLoad(t, src))); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoSecretIsShown writes a password wherever one may stand, in ways that
// work and in ways that do not.
func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	files := []string{
		"reporter.collector: {user: u, password: hunter2}",
		"reporter.collector: {user: u, password: [hunter2]}",
		"reporter.collector: {user: u, password: {hunter2: 1}}",
		"reporter.collector: {password: hunter2}",
		"reporter.collector: {user: u, password: *hunter2}",
		"reporter.collector: {user: u, password: !x hunter2}",
		"reporter.collector: {user: u, password: @hunter2}",
		"reporter.collector: {endpoint: 'http://u:hunter2@h/api/traces'}",
		"reporter.collector: {endpoint: 'http://u:hunter2@h:16686/'}",
		"reporter.collector: {endpoint: 'http://u:hunter2@h:99999/'}",
		"reporter.collector: {endpoint: 'http://u:hun/hunter2@h/'}",
		"reporter.collector: {endpoint: 'u:hunter2@h:14268'}",
		"reporter.collector: {endpoint: 'http://u:%hunter2@h/'}",
		"reporter.collector: {endpoint: ['http://u:hunter2@h/']}",
		"query: {url: 'ftp://u:hunter2@h'}",
		"query: 'http://u:hunter2@h'",
		"serve: {host: 'http://u:hunter2@h'}",
		"serve: {host: 'u:hunter2@h'}",
		"call: {url: 'https://hunter2@h/'}",
		"sampler: {type: remote, endpoint: 'http://u:hunter2@h'}",
	}
	for _, file := range files {
		loaded, err := config.Load(config.Source{Dir: dirWith(t, file)})
		lines := said(err)
		if err == nil {
			lines = warned(loaded)
			for _, v := range loaded.Values {
				lines = append(lines, v.Text)
			}
		}
		if got := strings.Join(lines, "\n"); strings.Contains(got, secret) {
			t.Errorf("%s\nshows the secret:\n%s", file, got)
		}
	}
}

func TestSamplingURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ endpoint, host, want string }{
		{"", "localhost", "http://localhost:5778/sampling"},
		{"", "::1", "http://[::1]:5778/sampling"},
		{"", "fe80::1%eth0", "http://[fe80::1%25eth0]:5778/sampling"},
		{"https://jaeger/s", "localhost", "https://jaeger/s"},
	}
	for _, tt := range tests {
		var c config.Config
		c.Sampler.Endpoint, c.Reporter.Agent.Host = tt.endpoint, tt.host
		if got := c.SamplingURL(); got != tt.want {
			t.Errorf("SamplingURL with %q and %q = %q, want %q", tt.endpoint, tt.host, got, tt.want)
		}
	}
}
