package probe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/otdemo/otdemo/internal/hint"
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
	// CACert is the name of a PEM file to trust in addition to the system's
	// certificate authorities.
	CACert string
	// Insecure trusts any certificate.
	Insecure bool

	// ESURLs are the servers as in Jaeger's --es.server-urls.
	ESURLs []string
	// IndexPrefix is Jaeger's --es.index-prefix.
	IndexPrefix string

	// CassandraHosts are host or host:port; the port is 9042 without.
	CassandraHosts []string
	// TLS is for Cassandra; for Elasticsearch it is in the URL.
	TLS bool
	// Keyspace is Jaeger's; empty looks for those that Jaeger's scripts make.
	Keyspace string
	// Datacenter is Jaeger's local one (--cassandra.local-dc); empty means that
	// of the node that responds.
	Datacenter string
}

// Validate returns an error that names the missing or unknown flag.
func (s Storage) Validate() error {
	switch {
	case s.Kind == "", s.Searches() && len(s.ESURLs) > 0, s.Kind == StorageCassandra && len(s.CassandraHosts) > 0:
		return nil
	case s.Searches():
		return hint.New(errors.New("--storage "+s.Kind+" needs --es-url"), "--es-url http://localhost:9200")
	case s.Kind == StorageCassandra:
		return hint.New(errors.New("--storage cassandra needs --cassandra-hosts"), "--cassandra-hosts localhost")
	default:
		return hint.New(fmt.Errorf("--storage must be elasticsearch, opensearch or cassandra, got %q", s.Kind), "--storage elasticsearch")
	}
}

// Searches reports whether it is Elasticsearch or its kin.
func (s Storage) Searches() bool {
	return s.Kind == StorageElasticsearch || s.Kind == StorageOpenSearch
}

// NamePrefix is the prefix as it stands in names: Jaeger adds a dash.
func (s Storage) NamePrefix() string {
	if s.IndexPrefix == "" {
		return ""
	}
	return strings.TrimSuffix(s.IndexPrefix, "-") + "-"
}

// Is reports whether Jaeger's name of a kind means this one. Jaeger's two names
// for Elasticsearch and OpenSearch lead to the same client.
func (s Storage) Is(kind string) bool {
	return s.Kind == kind || s.Searches() && Storage{Kind: kind}.Searches()
}

// CertificateHint is the flag for a certificate that is not trusted.
const CertificateHint = "--storage-ca ca.pem (and for Jaeger: --es.tls.enabled --es.tls.ca=ca.pem (Jaeger 1), elasticsearch: {tls: {ca_file: ca.pem}} (Jaeger 2))"

// TLSConfig is for connections to the storage.
func (s Storage) TLSConfig(readFile func(string) ([]byte, error)) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.Insecure} //nolint:gosec // asked for with a flag
	if s.CACert == "" {
		return cfg, nil
	}
	pem, err := readFile(s.CACert)
	if err != nil {
		return nil, fmt.Errorf("read the CA certificate: %w", err)
	}
	cfg.RootCAs, err = x509.SystemCertPool()
	if err != nil {
		cfg.RootCAs = x509.NewCertPool()
	}
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %q", s.CACert)
	}
	return cfg, nil
}
