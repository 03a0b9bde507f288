package compose

import (
	"slices"
	"testing"

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
