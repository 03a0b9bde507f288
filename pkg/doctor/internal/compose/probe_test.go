package compose

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// composed is a target with files, the first of them a compose file.
func composed(t *testing.T, files map[string]string, pairs ...string) probe.Target {
	t.Helper()
	target := probetest.Outside(probetest.Load(t, pairs...))
	target.Compose = "/srv/compose.yml"
	target.ReadFile = func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, errNoFile
	}
	target.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
		if host == "localhost" {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		return probetest.NobodyKnows(ctx, host)
	}
	return target
}

// Services of compose files, each complete.
const (
	goodV1 = `services:
  jaeger:
    image: jaegertracing/all-in-one:1.62.0
    ports:
      - "6831:6831/udp"
      - "16686:16686"
`
	withES = `services:
  elasticsearch:
    image: docker.elastic.co/elasticsearch/elasticsearch:8.19.0
    hostname: es-loadbalancer
  jaeger:
    image: jaegertracing/all-in-one:1.62.0
    restart: on-failure
    ports: ["6831:6831/udp", "16686:16686"]
    environment:
      SPAN_STORAGE_TYPE: elasticsearch
      ES_SERVER_URLS: <url>
`
	withConfig = `services:
  jaeger:
    image: jaegertracing/jaeger:2.13.0
    command: ["--config", "/jaeger.yaml"]
    ports: ["6831:6831/udp", "16686:16686"]
    volumes: ["./jaeger.yaml:/jaeger.yaml"]
`
	goodConfig = `service:
  pipelines:
    traces:
      receivers: [otlp, jaeger]
receivers:
  jaeger:
    protocols:
      thrift_compact:
        endpoint: 0.0.0.0:6831
`
)

type composeTest struct {
	file   string
	edit   []string
	config string
	pairs  []string
	env    string // lines of the file .env
	// override is set if the file has an override file next to it.
	override bool
	well     bool // the canary arrived
	status   probe.Status
	code     probe.Code
	fact     string
	hint     string
}

var composeTests = map[string]composeTest{
	"well": {
		file: goodV1, status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"without /udp": {
		file: goodV1, edit: []string{"/udp", ""}, status: probe.StatusFail, code: codeNotUDP,
		fact: "/srv/compose.yml:5: jaeger publishes 6831 over TCP, but it is a UDP port",
		hint: `/srv/compose.yml:5: - "6831:6831/udp"`,
	},
	"without /udp, by a variable": {
		file: goodV1, edit: []string{"6831/udp", "6831${PROTOCOL}"}, status: probe.StatusFail, code: codeNotUDP,
		fact: "/srv/compose.yml:5: jaeger publishes 6831 over TCP, but it is a UDP port",
		hint: `/srv/compose.yml:5: - "6831:6831/udp"`,
	},
	"without /udp, and not in use": {
		file: goodV1, edit: []string{"/udp", ""}, well: true, status: probe.StatusWarn, code: codeNotUDP,
		fact: "/srv/compose.yml:5: jaeger publishes 6831 over TCP, but it is a UDP port",
		hint: `/srv/compose.yml:5: - "6831:6831/udp"`,
	},
	"not published": {
		file: goodV1, edit: []string{"6831:6831", "5775:5775"}, status: probe.StatusFail, code: codePortMissing,
		fact: "/srv/compose.yml:6: jaeger does not publish 6831/udp, which is needed to reach udp localhost:6831",
		hint: `/srv/compose.yml:6: - "6831:6831/udp"`,
	},
	"thrift over HTTP is not published": {
		file: goodV1, pairs: []string{"reporter.collector.endpoint", "http://localhost:14268/api/traces"},
		status: probe.StatusFail, code: codePortMissing,
		fact: "/srv/compose.yml:6: jaeger does not publish 14268/tcp, which is needed to reach tcp localhost:14268",
		hint: `/srv/compose.yml:6: - "14268:14268"`,
	},
	"from another container": {
		file: goodV1, edit: []string{`      - "6831:6831/udp"` + "\n", ""}, pairs: []string{"reporter.agent.host", "jaeger"},
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"a version without UDP": {
		file: goodV1, edit: []string{":1.62.0", ":latest"}, status: probe.StatusFail, code: codeNoUDP,
		fact: "/srv/compose.yml:2: jaeger does not listen on 6831/udp: jaegertracing/all-in-one:latest has no such port",
		hint: "/srv/compose.yml:2: image: jaegertracing/jaeger:latest",
	},
	"storage well": {
		file: withES, edit: []string{"<url>", "http://elasticsearch:9200"}, status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"storage on localhost": {
		file: withES, edit: []string{"<url>", "http://me:hunter2@localhost:9200"}, status: probe.StatusFail, code: codeStorageURL,
		fact: "/srv/compose.yml:11: jaeger's storage URL http://localhost:9200 points to the container itself",
		hint: "/srv/compose.yml:11: http://elasticsearch:9200",
	},
	"storage with one slash": {
		file: withES, edit: []string{"<url>", "http:/elasticsearch:9200"}, status: probe.StatusFail, code: codeStorageURL,
		fact: "/srv/compose.yml:11: jaeger's storage URL http:/elasticsearch:9200 has 1 slash after http:, so it has no host",
		hint: "/srv/compose.yml:11: http://elasticsearch:9200",
	},
	"storage without a scheme": {
		file: withES, edit: []string{"<url>", "elasticsearch:9200"}, status: probe.StatusFail, code: codeStorageURL,
		fact: "/srv/compose.yml:11: jaeger's storage URL elasticsearch:9200 has no scheme",
		hint: "/srv/compose.yml:11: http://elasticsearch:9200",
	},
	// jaeger#931.
	"storage by its hostname": {
		file: withES, edit: []string{"<url>", "http://es-loadbalancer:9200"}, status: probe.StatusFail, code: codeStorageURL,
		fact: "/srv/compose.yml:11: jaeger's storage URL http://es-loadbalancer:9200 has the hostname of service elasticsearch, which other services cannot resolve",
		hint: "/srv/compose.yml:11: http://elasticsearch:9200",
	},
	"no wait for storage": {
		file: withES, edit: []string{"<url>", "http://elasticsearch:9200", "    restart: on-failure\n", "    depends_on: [elasticsearch]\n"},
		status: probe.StatusWarn, code: codeNoHealthGate,
		fact: "/srv/compose.yml:7: jaeger does not wait until elasticsearch is ready, and is not restarted",
		hint: "/srv/compose.yml:7: depends_on: {elasticsearch: {condition: service_healthy}} and restart: on-failure",
	},
	"a wait for storage": {
		file: withES, edit: []string{
			"<url>", "http://elasticsearch:9200",
			"restart: on-failure", "depends_on: {elasticsearch: {condition: service_healthy}}",
		},
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"settings of Jaeger 1": {
		file: withES, edit: []string{"<url>", "http://elasticsearch:9200", "all-in-one:1.62.0", "jaeger:2.13.0"},
		status: probe.StatusWarn, code: codeV1Settings,
		fact: "/srv/compose.yml:10: jaeger sets SPAN_STORAGE_TYPE, ES_SERVER_URLS, which Jaeger 2 ignores: it stores spans in memory",
		hint: "/srv/compose.yml:10: command: [--config, /jaeger.yaml]",
	},
	"own configuration, well": {
		file: withConfig, config: goodConfig, status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"own configuration that is not here": {
		file: withConfig, status: probe.StatusUnknown, code: codeNotFollowed,
		fact: "/srv/compose.yml:2: cannot read the configuration jaeger.yaml of service jaeger: no such file: unknown whether the file lets spans reach Jaeger",
	},
	"no receiver": {
		file: withConfig, config: strings.ReplaceAll(goodConfig, "thrift_compact", "grpc"),
		status: probe.StatusFail, code: codeReceiverMissing,
		fact: "jaeger.yaml:7: jaeger's configuration has no receiver for 6831/udp",
		hint: `jaeger.yaml:7: jaeger: {protocols: {thrift_compact: {endpoint: "0.0.0.0:6831"}}}`,
	},
	"receiver in no pipeline": {
		file: withConfig, config: strings.ReplaceAll(goodConfig, "otlp, jaeger", "otlp"),
		status: probe.StatusFail, code: codeReceiverMissing,
		fact: "jaeger.yaml:3: jaeger's configuration has a jaeger receiver that no pipeline uses, so it is not started",
		hint: "jaeger.yaml:3: receivers: [jaeger, otlp]",
	},
	"receiver without an endpoint": {
		file: withConfig, config: strings.ReplaceAll(goodConfig, "\n        endpoint: 0.0.0.0:6831", ""),
		status: probe.StatusFail, code: codeLoopback,
		fact: "jaeger.yaml:8: jaeger's thrift_compact listens on localhost, which only its own container can reach",
		hint: `jaeger.yaml:8: endpoint: "0.0.0.0:6831"`,
	},
	"receiver on loopback": {
		file: withConfig, config: strings.ReplaceAll(goodConfig, "0.0.0.0", "127.0.0.1"),
		status: probe.StatusFail, code: codeLoopback,
		fact: "jaeger.yaml:9: jaeger's thrift_compact listens on 127.0.0.1:6831, which only its own container can reach",
		hint: `jaeger.yaml:9: endpoint: "0.0.0.0:6831"`,
	},
	"receiver where the image says": {
		file: withConfig, config: strings.ReplaceAll(goodConfig, "0.0.0.0", "${env:JAEGER_LISTEN_HOST:-localhost}"),
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"storage of an own configuration": {
		file: withConfig, config: goodConfig + "es:\n  server_urls: [\"http://localhost:9200\"]\n",
		status: probe.StatusFail, code: codeStorageURL,
		fact: "jaeger.yaml:11: jaeger's storage URL http://localhost:9200 points to the container itself",
		hint: "jaeger.yaml:11: http://elasticsearch:9200",
	},
	"an application's agent": {
		file:   goodV1 + "  app:\n    image: shop\n    environment: [JAEGER_AGENT_HOST=localhost]\n",
		status: probe.StatusWarn, code: codeAgentLocalhost,
		fact: "/srv/compose.yml:9: app sends spans to localhost, which is its own container",
		hint: "/srv/compose.yml:9: JAEGER_AGENT_HOST=jaeger",
	},
	"an application's endpoint": {
		file:   goodV1 + "  app:\n    environment:\n      JAEGER_ENDPOINT: http://127.0.0.1:14268/api/traces\n",
		status: probe.StatusWarn, code: codeAgentLocalhost,
		fact: "/srv/compose.yml:9: app sends spans to 127.0.0.1, which is its own container",
		hint: "/srv/compose.yml:9: JAEGER_ENDPOINT=http://jaeger:14268/api/traces",
	},
	"an application in Jaeger's network": {
		file:   goodV1 + "  app:\n    network_mode: service:jaeger\n    environment: [JAEGER_AGENT_HOST=localhost]\n",
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"storage without an address": {
		file: withES, edit: []string{"      ES_SERVER_URLS: <url>\n", ""}, status: probe.StatusFail, code: codeStorageUnset,
		fact: "/srv/compose.yml:10: jaeger stores in elasticsearch without ES_SERVER_URLS, so it connects to http://127.0.0.1:9200, which is its own container",
		hint: "/srv/compose.yml:10: ES_SERVER_URLS=http://elasticsearch:9200",
	},
	"storage with an empty address": {
		file: withES, edit: []string{"<url>", "${NOBODY}"}, status: probe.StatusFail, code: codeStorageUnset,
		fact: "/srv/compose.yml:11: jaeger stores in elasticsearch without ES_SERVER_URLS, so it connects to http://127.0.0.1:9200, which is its own container",
		hint: "/srv/compose.yml:11: ES_SERVER_URLS=http://elasticsearch:9200",
	},
	"storage by a flag": {
		file: withES, edit: []string{"      ES_SERVER_URLS: <url>\n", "    command: [--es.server-urls=http://elasticsearch:9200]\n"},
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"storage passed on from the environment": {
		file: withES, edit: []string{"      ES_SERVER_URLS: <url>\n", "      ES_SERVER_URLS:\n"},
		env:    "ES_SERVER_URLS=http://elasticsearch:9200\n",
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"storage without an address on the machine's network": {
		file: withES, edit: []string{"      ES_SERVER_URLS: <url>\n", "    network_mode: host\n"}, status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service jaeger of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"Cassandra without an address": {
		file:   goodV1 + "    command: [--span-storage.type=cassandra]\n",
		status: probe.StatusFail, code: codeStorageUnset,
		fact: "/srv/compose.yml:2: jaeger stores in cassandra without CASSANDRA_SERVERS, so it connects to 127.0.0.1:9042, which is its own container",
		hint: "/srv/compose.yml:2: CASSANDRA_SERVERS=cassandra, and add a service cassandra, which the file lacks",
	},
	"a collector's storage is Cassandra": {
		file:   goodV1 + "  collector:\n    image: jaegertracing/jaeger-collector:1.62.0\n    environment: [CASSANDRA_SERVERS=localhost]\n  cassandra: {image: 'cassandra:4', restart: always}\n",
		status: probe.StatusFail, code: codeStorageUnset,
		fact: "/srv/compose.yml:9: collector has CASSANDRA_SERVERS=localhost, which is its own container",
		hint: "/srv/compose.yml:9: CASSANDRA_SERVERS=cassandra",
	},
	"compose's first form": {
		file:   strings.TrimPrefix(strings.ReplaceAll(goodV1, "/udp", ""), "services:\n"),
		status: probe.StatusFail, code: codeNotUDP,
		fact: "/srv/compose.yml:4: jaeger publishes 6831 over TCP, but it is a UDP port",
		hint: `/srv/compose.yml:4: - "6831:6831/udp"`,
	},
	"include": {
		file: "include: [jaeger.yaml]\nservices: {app: {image: shop}}\n", status: probe.StatusUnknown, code: codeNotFollowed,
		fact: "/srv/compose.yml:1: the file uses include, which otdemo does not follow: unknown whether the file lets spans reach Jaeger",
		hint: "docker compose -f /srv/compose.yml config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml",
	},
	"extends": {
		file: "services:\n  jaeger:\n    extends: {file: jaeger.yaml, service: jaeger}\n", status: probe.StatusUnknown, code: codeNotFollowed,
		fact: "/srv/compose.yml:3: service jaeger uses extends, which otdemo does not follow: unknown whether the file lets spans reach Jaeger",
		hint: "docker compose -f /srv/compose.yml config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml",
	},
	"extends of an application, and what it cannot mend": {
		file: goodV1 + "  app:\n    image: shop\n    extends: {file: app.yaml, service: app}\n", edit: []string{"/udp", ""},
		status: probe.StatusFail, code: codeNotUDP,
		fact: "/srv/compose.yml:5: jaeger publishes 6831 over TCP, but it is a UDP port",
		hint: `/srv/compose.yml:5: - "6831:6831/udp"`,
	},
	"extends of an application, which it may mend": {
		file:   goodV1 + "  app:\n    image: shop\n    extends: {file: app.yaml, service: app}\n    environment: [JAEGER_AGENT_HOST=localhost]\n",
		status: probe.StatusUnknown, code: codeNotFollowed,
		fact: "/srv/compose.yml:9: service app uses extends, which otdemo does not follow: unknown whether the file lets spans reach Jaeger",
		hint: "docker compose -f /srv/compose.yml config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml",
	},
	"another service of Jaeger's on the machine's network": {
		file:   "services:\n  query: {image: 'jaegertracing/all-in-one:1.62.0'}\n  agent: {image: 'jaegertracing/jaeger-agent:1.62.0', network_mode: host}\n",
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in service query of /srv/compose.yml",
		hint: "docker compose -f /srv/compose.yml up -d",
	},
	"env_file": {
		file: goodV1 + "    env_file: [e]\n    environment: [SPAN_STORAGE_TYPE=elasticsearch]\n", status: probe.StatusUnknown, code: codeNotFollowed,
		fact: "/srv/compose.yml:7: service jaeger uses env_file, which otdemo does not follow: unknown whether the file lets spans reach Jaeger",
		hint: "docker compose -f /srv/compose.yml config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml",
	},
	"env_file, and what it cannot mend": {
		file: goodV1 + "    env_file: [e]\n", edit: []string{"/udp", ""}, status: probe.StatusFail, code: codeNotUDP,
		fact: "/srv/compose.yml:5: jaeger publishes 6831 over TCP, but it is a UDP port",
		hint: `/srv/compose.yml:5: - "6831:6831/udp"`,
	},
	"an override file beside": {
		file: goodV1, edit: []string{"/udp", ""}, override: true, status: probe.StatusUnknown, code: codeNotFollowed,
		fact: "/srv/compose.yml:1: docker compose up merges compose.override.yml, which otdemo does not follow: unknown whether the file lets spans reach Jaeger",
		hint: "docker compose --project-directory /srv config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml",
	},
	"no Jaeger": {
		file: "services: {app: {image: shop}}", status: probe.StatusUnknown, code: codeNoJaeger,
		fact: "/srv/compose.yml has no service with a Jaeger image, so nothing was checked; services: app",
	},
	"no Jaeger among many": {
		file: "services: {a: {image: x}, b: {image: x}, c: {image: x}, d: {image: x}, e: {image: x}}", status: probe.StatusUnknown, code: codeNoJaeger,
		fact: "/srv/compose.yml has no service with a Jaeger image, so nothing was checked; services: a, b, c and 2 more",
	},
	"no compose file": {
		file: "services: [", status: probe.StatusUnknown, code: codeInvalid,
		fact: "/srv/compose.yml is not a compose file: yaml: line 1: did not find expected node content",
		hint: "docker compose -f /srv/compose.yml config",
	},
}

func TestCompose(t *testing.T) {
	t.Parallel()
	for name, tt := range composeTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"/srv/compose.yml": strings.NewReplacer(tt.edit...).Replace(tt.file), "/srv/.env": "PROTOCOL=/tcp\n" + tt.env}
			if tt.override {
				files["/srv/compose.override.yml"] = "services: {}"
			}
			if tt.config != "" {
				files["/srv/jaeger.yaml"] = tt.config
			}
			target := composed(t, files, tt.pairs...)
			udp, canary := probe.StatusFail, probe.StatusSkip
			if tt.well {
				udp, canary = probe.StatusOK, probe.StatusOK
			}
			f, _ := probetest.Examine(t, Probe(), target, map[string]probe.Outcome{
				probe.IDUDP:       {Finding: probe.Finding{ID: probe.IDUDP, Status: udp}},
				probe.IDCanary:    {Finding: probe.Finding{ID: probe.IDCanary, Status: canary}},
				probe.IDCollector: {Finding: probe.Finding{ID: probe.IDCollector, Status: udp}},
			})
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if (f.Explains != "") != (f.Status == probe.StatusFail) {
				t.Errorf("explains %q with status %s", f.Explains, f.Status)
			}
			for _, line := range slices.Concat([]string{f.Fact}, f.Evidence, f.Hints) {
				if strings.Contains(line, "hunter2") {
					t.Errorf("tells the password: %s", line)
				}
			}
		})
	}
}

// All faults are reported, those that affect the configuration first.
func TestComposeReportsAllFaults(t *testing.T) {
	t.Parallel()
	file := "services:\n  app:\n    environment: [JAEGER_AGENT_HOST=localhost]\n" +
		strings.ReplaceAll(strings.TrimPrefix(goodV1, "services:\n"), "/udp", "")
	f, _ := probetest.Examine(t, Probe(), composed(t, map[string]string{"/srv/compose.yml": file}), nil)
	want := []string{
		"/srv/compose.yml:7: jaeger publishes 6831 over TCP, but it is a UDP port",
		"/srv/compose.yml:3: app sends spans to localhost, which is its own container",
	}
	if !slices.Equal(f.Evidence, want) || len(f.Hints) != len(want) {
		t.Errorf("got evidence %q with hints %q, want %q", f.Evidence, f.Hints, want)
	}
	// The path was not tried, and only the file is wrong.
	if f.Status != probe.StatusFail {
		t.Errorf("got %s, want fail", f.Status)
	}
}

func TestComposeIsNotRequested(t *testing.T) {
	t.Parallel()
	if f, _ := probetest.Examine(t, Probe(), probetest.Outside(probetest.Load(t)), nil); f.Code != probe.CodeNotUsed {
		t.Errorf("got %s, want %s", f.Code, probe.CodeNotUsed)
	}
	target := composed(t, nil)
	if f, _ := probetest.Examine(t, Probe(), target, nil); f.Code != codeUnreadable || f.Status != probe.StatusUnknown {
		t.Errorf("got %s %s, want unknown %s", f.Status, f.Code, codeUnreadable)
	}
}
