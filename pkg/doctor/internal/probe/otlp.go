package probe

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
)

// otlpHeaders returns the headers that OpenTelemetry's exporter sends with
// spans. By specification ("OpenTelemetry Protocol Exporter" 1.50) the variable
// for traces adds to and overrides the other; the SDK for Go reads only one.
func (t *Target) otlpHeaders() map[string]string {
	headers := make(map[string]string)
	for pair := range strings.SplitSeq(t.OTLPVariable("HEADERS"), ",") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || strings.ContainsAny(name, ": \r\n") || name == "" {
			continue
		}
		if text, err := url.PathUnescape(value); err == nil {
			headers[strings.TrimSpace(name)] = strings.TrimSpace(text)
		}
	}
	return headers
}

// OTLPVariable is the value that the variable of OpenTelemetry's exporter for traces
// has, or else the one for all signals; end is the end of both names.
func (t *Target) OTLPVariable(end string) string {
	return cmp.Or(t.Env("OTEL_EXPORTER_OTLP_TRACES_"+end), t.Env("OTEL_EXPORTER_OTLP_"+end))
}

// collectorTLS returns the TLS settings of the configured tracer, nil for the
// default ones: only OpenTelemetry's exporter reads any.
func (t *Target) collectorTLS() *tls.Config {
	if t.Config().Tracer != config.TracerOTel {
		return nil
	}
	conf, _ := t.otlpTLS()
	return conf
}

// IgnoredFile returns which file the exporter cannot use, and what it uses
// instead; "" if there is none. The exporter only logs it.
func (t *Target) IgnoredFile() string {
	_, ignored := t.otlpTLS()
	return ignored
}

// otlpTLS reads the files that the environment names for OpenTelemetry's
// exporter. One that cannot be used is left out, as the exporter does.
func (t *Target) otlpTLS() (conf *tls.Config, ignored string) {
	conf = &tls.Config{MinVersion: tls.VersionTLS12}
	if name := t.OTLPVariable("CERTIFICATE"); name != "" {
		pool := x509.NewCertPool()
		pem, err := t.ReadFile(name)
		if err == nil && !pool.AppendCertsFromPEM(pem) {
			err = errors.New(name + " has no PEM certificate")
		}
		if err == nil {
			conf.RootCAs = pool
		} else {
			ignored = fmt.Sprintf("OTEL_EXPORTER_OTLP_CERTIFICATE is ignored, and the system's certificate authorities are used: %v", err)
		}
	}
	if t.OTLPVariable("CLIENT_CERTIFICATE") == "" || t.OTLPVariable("CLIENT_KEY") == "" {
		return conf, ignored
	}
	pair, err := t.clientCertificate()
	if err != nil {
		return conf, cmp.Or(ignored, fmt.Sprintf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is ignored, and no certificate is sent: %v", err))
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf, ignored
}

func (t *Target) clientCertificate() (tls.Certificate, error) {
	cert, err := t.ReadFile(t.OTLPVariable("CLIENT_CERTIFICATE"))
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := t.ReadFile(t.OTLPVariable("CLIENT_KEY"))
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
