package compose

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// The blog post's own file: its storage is first, with Jaeger's log line for
// the fault.
func TestComposeOfThePost(t *testing.T) {
	t.Parallel()
	file := `jaegertracing:
  image: jaegertracing/all-in-one:latest
  ports:
    - "6831:6831/udp"
    - "16686:16686"
  command:
    - "/go/bin/standalone-linux"
    - "--span-storage.type=elasticsearch"
  environment:
    - SPAN_STORAGE_TYPE=elasticsearch
`
	f, _ := probetest.Examine(t, Probe(), composed(t, map[string]string{"/srv/compose.yml": file}), nil)
	probetest.Expect(t, f, probe.StatusFail, codeStorageUnset,
		"/srv/compose.yml:10: jaegertracing stores in elasticsearch without ES_SERVER_URLS, so it connects to http://127.0.0.1:9200, which is its own container",
		"/srv/compose.yml:10: ES_SERVER_URLS=http://elasticsearch:9200, and add a service elasticsearch, which the file lacks")
	if !slices.Contains(f.Evidence, "Jaeger then logs: no Elasticsearch node available") {
		t.Errorf("evidence %q lacks Jaeger's own line", f.Evidence)
	}
	const host = `/srv/compose.yml:10: or ES_SERVER_URLS=http://host.docker.internal:9200 and extra_hosts: ["host.docker.internal:host-gateway"], for a storage on this machine`
	if !slices.Contains(f.Hints, host) {
		t.Errorf("hints %q lack %q", f.Hints, host)
	}
}

// A Jaeger whose settings are not all seen is no certain case of a missing address.
func TestComposeStorageElsewhere(t *testing.T) {
	t.Parallel()
	const head = "services:\n  jaeger:\n    image: jaegertracing/all-in-one:1.62.0\n    ports: [\"6831:6831/udp\", \"16686:16686\"]\n"
	tests := map[string]struct {
		rest string
		code probe.Code
	}{
		"a configuration file": {"    command: [\"--config-file=/etc/j.yaml\"]\n    environment: [SPAN_STORAGE_TYPE=elasticsearch]\n", codeNotFollowed},
		"a shell": {
			"    entrypoint: [\"sh\", \"-c\", \"exec /go/bin/all-in-one-linux --es.server-urls=http://es:9200\"]\n    environment: [SPAN_STORAGE_TYPE=elasticsearch]\n",
			codeNotFollowed,
		},
		"a program around it": {"    entrypoint: /opt/start\n    environment: [SPAN_STORAGE_TYPE=elasticsearch]\n", codeNotFollowed},
		"a shell, and memory": {"    entrypoint: [\"sh\", \"-c\", \"exec /go/bin/all-in-one-linux\"]\n", codeNoFault},
		"Jaeger itself":       {"    entrypoint: /go/bin/all-in-one-linux\n    environment: [SPAN_STORAGE_TYPE=elasticsearch]\n", codeStorageUnset},
		"no value":            {"    environment: [SPAN_STORAGE_TYPE=elasticsearch, ES_SERVER_URLS]\n", codeStorageUnset},
		"an empty value":      {"    environment: {SPAN_STORAGE_TYPE: elasticsearch, ES_SERVER_URLS: \"${NOSUCH}\"}\n", codeStorageUnset},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := composed(t, map[string]string{"/srv/compose.yml": head + tt.rest})
			f, _ := probetest.Examine(t, Probe(), target, map[string]probe.Outcome{
				probe.IDUDP: {Finding: probe.Finding{Status: probe.StatusFail}},
			})
			if f.Code != tt.code {
				t.Errorf("got %s: %s, want %s", f.Code, f.Fact, tt.code)
			}
			for _, line := range slices.Concat(f.Evidence, f.Hints) {
				if strings.Contains(line, "storage URL") || strings.HasSuffix(line, "http://") {
					t.Errorf("tells of a URL that there is not: %s", line)
				}
			}
		})
	}
}

// What is there and cannot be read is not taken as absent.
func TestComposeUnreadableBeside(t *testing.T) {
	t.Parallel()
	errIrregular := errors.New("not a regular file")
	tests := map[string]struct {
		file, unreadable string
		code             probe.Code
	}{
		"no variable":               {goodV1, "/srv/.env", codeNoFault},
		"a variable":                {strings.Replace(goodV1, "6831:6831/udp", "${P}:6831/udp", 1), "/srv/.env", codeNotFollowed},
		"a variable that has one":   {strings.Replace(goodV1, "6831:6831/udp", "${HERE}:6831/udp", 1), "/srv/.env", codeNoFault},
		"a variable that must be":   {strings.Replace(goodV1, "6831:6831/udp", "${P:?}:6831/udp", 1), "/srv/.env", codeUnreadable},
		"a file that up merges":     {goodV1, "/srv/compose.override.yaml", codeNotFollowed},
		"a variable passed on":      {goodV1 + "    environment: [SPAN_STORAGE_TYPE]\n", "/srv/.env", codeNotFollowed},
		"a file nobody looks for":   {goodV1, "/srv/other.env", codeNoFault},
		"a variable, and no .env":   {strings.Replace(goodV1, "6831:6831/udp", "${P:-6831}:6831/udp", 1), "", codeNoFault},
		"a dollar, and no variable": {goodV1 + "    labels: [\"a$$b\"]\n", "/srv/.env", codeNoFault},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := composed(t, map[string]string{"/srv/compose.yml": tt.file})
			target.Environ = []string{"HERE=6831"}
			read := target.ReadFile
			target.ReadFile = func(name string) ([]byte, error) {
				if name == tt.unreadable {
					return nil, errIrregular
				}
				return read(name)
			}
			f, _ := probetest.Examine(t, Probe(), target, map[string]probe.Outcome{
				probe.IDUDP: {Finding: probe.Finding{Status: probe.StatusOK}},
			})
			if f.Code != tt.code {
				t.Errorf("got %s: %s, want %s", f.Code, f.Fact, tt.code)
			}
		})
	}
}

// Each of many services is not compared with each other one. The numbers are such that
// comparing takes far longer than the bound, and what is done takes a hundredth of it.
func TestComposeOfManyServices(t *testing.T) {
	t.Parallel()
	const bound = 15 * time.Second
	const many = 100_000
	within := func(what string, f func()) {
		start := time.Now()
		if f(); time.Since(start) > bound {
			t.Errorf("%s: %d of them take %s", what, many, time.Since(start))
		}
	}
	keys := &yaml.Node{Kind: yaml.MappingNode}
	for i := range 2 * many {
		keys.Content = append(keys.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.Itoa(i)})
	}
	within("keys", func() {
		r := resolver{open: make(map[*yaml.Node]bool)}
		if _, err := r.resolve(keys); err != nil {
			t.Error(err)
		}
	})
	services := map[string]jaegers.Program{
		"an application": {Image: jaegers.ImageOf("a", nil), Env: []jaegers.Variable{{Name: "JAEGER_AGENT_HOST", Value: "localhost"}}},
		"a Jaeger":       {Image: jaegers.ImageOf("jaegertracing/jaeger:2.13.0", nil)},
		"a Jaeger with a storage": {
			Image: jaegers.ImageOf("all-in-one", nil),
			Env:   []jaegers.Variable{{Name: "SPAN_STORAGE_TYPE", Value: "elasticsearch"}, {Name: "ES_SERVER_URLS", Value: "http://h"}},
		},
		"a Jaeger without": {Image: jaegers.ImageOf("all-in-one", nil), Env: []jaegers.Variable{{Name: "SPAN_STORAGE_TYPE", Value: "cassandra"}}},
	}
	needs := []docker.Need{{Host: "localhost", Port: 6831, Inside: 6831, Proto: "udp"}}
	for name, program := range services {
		file := &file{path: "f"}
		for i := range many {
			s := service{name: strconv.Itoa(i), Program: program, hostname: "h" + strconv.Itoa(i)}
			file.services = append(file.services, s)
			file.gaps = append(file.gaps, gap{scope: scope{service: s.name, only: codeStorageUnset}})
		}
		within(name, func() {
			check := check{file: file, index: indexOf(file.services), needs: needs, isLocal: func(docker.Need) bool { return true }}
			file.certain(check.run())
		})
	}
}
