package probetest

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// RootES7 is the response of a real 7.17.29, shortened.
const RootES7 = `{"name":"n1","cluster_name":"lab","version":{"number":"7.17.29","build_flavor":"unknown",
	"lucene_version":"8.11.3"},"tagline":"You Know, for Search"}`

// SecurityException is Elasticsearch's response to a request without a login.
const SecurityException = `{"error":{"root_cause":[{"type":"security_exception",
	"reason":"missing authentication credentials for REST request [/]"}],"type":"security_exception"},"status":401}`

// AtES is a target whose storage is a server at url.
func AtES(t *testing.T, url string) probe.Target {
	t.Helper()
	target := Outside(Load(t))
	target.Storage = probe.Storage{Kind: probe.StorageElasticsearch, ESURLs: []string{url}}
	return target
}
