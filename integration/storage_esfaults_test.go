//go:build storage && linux

package integration

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/stores"
)

// TestStorageElasticsearchFaults breaks Jaeger on Elasticsearch in the ways behind
// "no Elasticsearch node available", and heals it as check-jaeger says.
func TestStorageElasticsearchFaults(t *testing.T) {
	es := stores.Elasticsearch(t, stores.SearchOptions{Stopped: true})[0]
	t.Run("started before Elasticsearch", func(t *testing.T) {
		j := deployedJaeger(t, "elasticsearch.yaml", esEnv(es.URL))
		storageFault{
			faultCase: faultCase{
				flags: esFlags(es.URL), exit: 1, hop: "storage", code: "es-refused", hint: "curl -sS " + es.URL,
				maybe: []string{"still starting", "use its service name"},
			},
			says: `health check timeout: Head "` + es.URL + `": dial tcp ` + es.Addr + `: connect: connection refused: no Elasticsearch node available`,
		}.check(t, j, place{})
		if err := es.Start(); err != nil {
			t.Fatal(err)
		}
		j.start(t)
		wellStored(t, j, esFlags(es.URL), wellInES()...)
	})
	for _, w := range slices.Concat(esAddresses(t, es), esCertificates(t, es), esPasswords(t, es)) {
		t.Run(w.how, func(t *testing.T) {
			j := deployedJaeger(t, "elasticsearch.yaml", w.env...)
			w.check(t, j, place{})
			j = j.with(w.fix...)
			j.start(t)
			wellStored(t, j, w.known, wellInES()...)
		})
	}
}

// esAddresses are those of a Jaeger that is told a wrong address.
func esAddresses(t *testing.T, es *stores.SearchNode) []storageFault {
	t.Helper()
	healthy := []string{esEnv(es.URL)}
	return []storageFault{
		{
			faultCase: faultCase{
				how: "one slash", flags: esFlags("http:/" + es.Addr),
				exit: 1, hop: "config", code: "es-url-invalid", hint: "--es-url " + es.URL,
			},
			env:  []string{esEnv("http:/" + es.Addr)},
			says: "Servers: http:/" + es.Addr + " does not validate as url",
			fix:  healthy, known: esFlags(es.URL),
		},
		{
			faultCase: faultCase{
				how: "no scheme", flags: esFlags("localhost:" + portOf(t, es.Addr)),
				exit: 1, hop: "config", code: "es-url-invalid", hint: "--es-url http://localhost:",
			},
			env:  []string{esEnv("localhost:" + portOf(t, es.Addr))},
			says: "failed to create Elasticsearch client: health check timeout: no Elasticsearch node available",
			fix:  healthy, known: esFlags(es.URL),
		},
		{
			faultCase: faultCase{
				how: "https to a port without TLS", flags: esFlags(scheme(t, es.URL, "https")),
				exit: 1, hop: "storage", code: "es-tls-mismatch", hint: "--es-url " + es.URL,
			},
			env:  []string{esEnv(scheme(t, es.URL, "https"))},
			says: "no Elasticsearch node available",
			fix:  healthy, known: esFlags(es.URL),
		},
	}
}

// esCertificates are those of a Jaeger whose Elasticsearch speaks TLS, as from 8 on
// it does unless it is told not to.
func esCertificates(t *testing.T, es *stores.SearchNode) []storageFault {
	t.Helper()
	secure := stores.NewGuard(t, es.URL, stores.GuardOptions{TLS: true})
	tls := scheme(t, secure.URL, "http")
	trusting := append(esFlags(secure.URL), "--storage-ca", secure.CAFile)
	return []storageFault{
		{
			faultCase: faultCase{
				how: "http to a port with TLS", flags: esFlags(tls),
				exit: 1, hop: "storage", code: "es-tls-mismatch", hint: "--es-url " + secure.URL,
			},
			env:  []string{esEnv(tls)},
			says: "health check timeout: no Elasticsearch node available",
			// Go trusts the authorities in this file.
			fix: []string{esEnv(secure.URL), "SSL_CERT_FILE=" + secure.CAFile}, known: trusting,
		},
		{
			faultCase: faultCase{
				how: "a certificate that nobody vouches for", flags: esFlags(secure.URL),
				exit: 1, hop: "storage", code: "es-certificate", hint: "--storage-ca",
			},
			env:  []string{esEnv(secure.URL)},
			says: "tls: failed to verify certificate: x509: certificate signed by unknown authority: no Elasticsearch node available",
			fix:  []string{"SSL_CERT_FILE=" + secure.CAFile}, known: trusting,
		},
	}
}

// esPasswords are those of a Jaeger that does not know the password.
func esPasswords(t *testing.T, es *stores.SearchNode) []storageFault {
	t.Helper()
	guard := stores.NewGuard(t, es.URL, stores.GuardOptions{User: "elastic", Password: "changeme"})
	known := append(esFlags(guard.URL), "--storage-user", "elastic", "--storage-password", "changeme")
	return []storageFault{
		{
			faultCase: faultCase{
				how: "no password", flags: esFlags(guard.URL),
				exit: 1, hop: "storage", code: "es-unauthorized", hint: "auth.basic: {username: elastic",
			},
			env:  []string{esEnv(guard.URL)},
			says: "elastic: Error 401 (Unauthorized)",
			fix:  []string{"JAEGER_ES_USERNAME=elastic", "JAEGER_ES_PASSWORD=changeme"}, known: known,
		},
		{
			faultCase: faultCase{
				how: "a wrong password", flags: append(esFlags(guard.URL), "--storage-user", "elastic", "--storage-password", "guess"),
				exit: 1, hop: "storage", code: "es-unauthorized", hint: "auth.basic: {username: elastic",
			},
			env:  []string{esEnv(guard.URL), "JAEGER_ES_USERNAME=elastic", "JAEGER_ES_PASSWORD=guess"},
			says: "elastic: Error 401 (Unauthorized)",
			fix:  []string{"JAEGER_ES_PASSWORD=changeme"}, known: known,
		},
	}
}

// scheme returns the URL with another scheme.
func scheme(t *testing.T, raw, scheme string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return scheme + strings.TrimPrefix(u.String(), u.Scheme)
}
