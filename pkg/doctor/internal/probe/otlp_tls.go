package probe

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
)

// collectorTLS returns the TLS settings that OpenTelemetry's exporter reads
// from the environment; nil for other tracers. Files that cannot be read are
// left out, as the exporter does; see IgnoredFile.
func (t *Target) collectorTLS() *tls.Config {
	if t.Config().Tracer != config.TracerOTel {
		return nil
	}
	file := func(end string) []byte {
		content, err := t.ReadFile(t.otlpFile(end))
		if err != nil {
			return nil
		}
		return content
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if pool := x509.NewCertPool(); pool.AppendCertsFromPEM(file("CERTIFICATE")) {
		conf.RootCAs = pool
	}
	if clientCert, err := tls.X509KeyPair(file("CLIENT_CERTIFICATE"), file("CLIENT_KEY")); err == nil {
		conf.Certificates = []tls.Certificate{clientCert}
	}
	return conf
}

// otlpFile is the name that the variable for traces has, or else the one for all
// signals.
func (t *Target) otlpFile(end string) string {
	return cmp.Or(lookupEnv(t.Environ, "OTEL_EXPORTER_OTLP_TRACES_"+end), lookupEnv(t.Environ, "OTEL_EXPORTER_OTLP_"+end))
}

// IgnoredFile returns which file the exporter cannot use, and what it uses
// instead; "" if there is none. The exporter only logs it.
func (t *Target) IgnoredFile() string {
	authorities, cert, key := t.otlpFile("CERTIFICATE"), t.otlpFile("CLIENT_CERTIFICATE"), t.otlpFile("CLIENT_KEY")
	if authorities != "" {
		pem, err := t.ReadFile(authorities)
		if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
			err = errors.New(authorities + " has no PEM certificate")
		}
		if err != nil {
			return fmt.Sprintf("OTEL_EXPORTER_OTLP_CERTIFICATE is ignored, and the system's certificate authorities are used: %v", err)
		}
	}
	if cert == "" || key == "" {
		return ""
	}
	clientCert, err := t.ReadFile(cert)
	var secret []byte
	if err == nil {
		secret, err = t.ReadFile(key)
	}
	if err == nil {
		_, err = tls.X509KeyPair(clientCert, secret)
	}
	if err != nil {
		return fmt.Sprintf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is ignored, and no certificate is sent: %v", err)
	}
	return ""
}
