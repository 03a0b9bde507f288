package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
)

// The kinds of storage that the doctor can examine directly.
const (
	StorageElasticsearch = "elasticsearch"
	// StorageOpenSearch is examined as StorageElasticsearch is.
	StorageOpenSearch = "opensearch"
	StorageCassandra  = "cassandra"
)

// Storage is the one that Jaeger writes to, to be examined without Jaeger. The
// zero value examines none. Nothing is written to it.
type Storage struct {
	// Kind is StorageElasticsearch, StorageOpenSearch, StorageCassandra or empty.
	Kind string
	// User and Password are those that Jaeger has; empty sends none.
	User, Password string
	// CACert is the name of a PEM file to trust beside the system's authorities.
	CACert string
	// Insecure trusts any certificate.
	Insecure bool

	// ESURLs are the servers as Jaeger is told them (--es.server-urls).
	ESURLs []string
	// IndexPrefix is Jaeger's --es.index-prefix.
	IndexPrefix string

	// CassandraHosts are host or host:port; the port is 9042 without.
	CassandraHosts []string
	// TLS is for Cassandra; the URL says it for Elasticsearch.
	TLS bool
	// Keyspace is Jaeger's; empty looks for those that Jaeger's scripts make.
	Keyspace string
	// Datacenter is Jaeger's local one (--cassandra.local-dc); empty is that of
	// the node that answers.
	Datacenter string
}

// Validate returns an error that says which flag is missing or unknown.
func (s Storage) Validate() error {
	switch {
	case s.Kind == "":
		return nil
	case s.searches() && len(s.ESURLs) == 0:
		return &storageError{"--storage " + s.Kind + " needs --es-url", "--es-url http://localhost:9200"}
	case s.Kind == StorageCassandra && len(s.CassandraHosts) == 0:
		return &storageError{"--storage cassandra needs --cassandra-hosts", "--cassandra-hosts localhost"}
	case !s.searches() && s.Kind != StorageCassandra:
		return &storageError{
			fmt.Sprintf("--storage must be elasticsearch, opensearch or cassandra, got %q", s.Kind), "--storage elasticsearch",
		}
	}
	return nil
}

// searches reports whether it is Elasticsearch or its kin.
func (s Storage) searches() bool {
	return s.Kind == StorageElasticsearch || s.Kind == StorageOpenSearch
}

type storageError struct{ text, hint string }

func (e *storageError) Error() string { return e.text }

// Hint is the flag that helps.
func (e *storageError) Hint() string { return e.hint }

// tlsConfig is for connections to the storage.
func (s Storage) tlsConfig(readFile func(string) ([]byte, error)) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.Insecure} //nolint:gosec // asked for with a flag
	if s.CACert == "" {
		return cfg, nil
	}
	pem, err := readFile(s.CACert)
	if err != nil {
		return nil, fmt.Errorf("read the CA certificate: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %q", s.CACert)
	}
	cfg.RootCAs = pool
	return cfg, nil
}

// subject describes a certificate by what names are checked against.
func subject(cert *x509.Certificate) string {
	names := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = []string{"none"}
	}
	return fmt.Sprintf("certificate: subject %q, issuer %q, names %s, valid until %s",
		cert.Subject, cert.Issuer, strings.Join(names, " "), cert.NotAfter.UTC().Format("2006-01-02"))
}

// certificateHint is the flag for a certificate that is not trusted.
const certificateHint = "--storage-ca ca.pem (and for Jaeger: --es.tls.enabled --es.tls.ca=ca.pem (Jaeger 1), elasticsearch: {tls: {ca_file: ca.pem}} (Jaeger 2))"

// beforeStorage are the probes whose failure a broken storage may be the cause
// of: Jaeger exits at its start when it cannot reach its storage, and accepts
// spans that the storage then rejects.
func beforeStorage() []string { return []string{idUDP, idCollector, idQuery, idCanary} }

// aboutStorage are what settleStorage judges by.
func aboutStorage() []string { return append(beforeStorage(), idStorageKind) }

// settleStorage returns a Probe.Settle that judges what was found at the storage by
// what became of the canary. When it was read back the storage cannot be all wrong,
// whatever it looks like from here; and when something failed the storage may explain
// it. stopsJaeger reports whether a Jaeger that finds this exits at its start.
func settleStorage(stopsJaeger func(Code) bool) func(*Env, Finding) Finding {
	return func(env *Env, f Finding) Finding { return settle(env, f, stopsJaeger) }
}

func settle(env *Env, f Finding, stopsJaeger func(Code) bool) Finding {
	if f.Status != StatusFail {
		return f
	}
	if env.passed(idCanary) {
		f.Status = StatusWarn
		return f.saw("and yet a span came back from Jaeger: it reaches its storage in another way, or other spans are concerned")
	}
	if inside, ok := fact[jaegerInside](env, idStorageKind); ok && inside.kind != "" && !env.Storage.is(inside.kind) {
		f.Status = StatusWarn
		return f.saw("and Jaeger keeps spans in " + inside.kind + " (" + inside.source + "), so this is not its storage")
	}
	for _, id := range beforeStorage() {
		if env.failed(id) && explains(env.code(id), stopsJaeger(f.Code)) {
			return f.explains(id)
		}
	}
	return f
}

// explains reports whether a finding about the storage is the cause of that code.
// Jaeger does not start without a storage that answers, so nothing listens then; a
// storage that is only ill loses spans of a Jaeger that runs.
func explains(failure Code, stopsJaeger bool) bool {
	switch failure {
	case codeCanaryLost, codeQueryError, codeCollectorError:
		return true
	case codeUDPRefused, codeCollectorRefused, codeQueryRefused:
		return stopsJaeger
	default:
		return false
	}
}
