package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
)

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

// Presented describes the certificate in a handshake's error by what names are
// checked against.
func Presented(err error) []string {
	failed, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(failed.UnverifiedCertificates) == 0 {
		return nil
	}
	cert := failed.UnverifiedCertificates[0]
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = []string{"none"}
	}
	return []string{fmt.Sprintf("certificate: subject %q, issuer %q, names %s, valid until %s",
		cert.Subject, cert.Issuer, strings.Join(names, " "), cert.NotAfter.UTC().Format("2006-01-02"))}
}

// SpeaksTLS tries a handshake, whatever the certificate. A TLS port closes or
// resets an HTTP connection, as other programs do.
func SpeaksTLS(ctx context.Context, env *Env, addr string) bool {
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // nothing is sent
	return client.HandshakeContext(ctx) == nil
}
