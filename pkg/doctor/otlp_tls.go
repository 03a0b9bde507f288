package doctor

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/otdemo/otdemo/pkg/config"
)

// collectorTLS is what OpenTelemetry's exporter takes from the environment to
// trust a collector and to be trusted by it; nil for other tracers, and for what
// cannot be read, which the canary's tracer complains about.
func (t *Target) collectorTLS() *tls.Config {
	if t.config().Tracer != config.TracerOTel {
		return nil
	}
	file := func(end string) []byte {
		name := lookupEnv(t.Environ, "OTEL_EXPORTER_OTLP_TRACES_"+end)
		if name == "" {
			name = lookupEnv(t.Environ, "OTEL_EXPORTER_OTLP_"+end)
		}
		if name == "" {
			return nil
		}
		content, err := t.ReadFile(name)
		if err != nil {
			return nil
		}
		return content
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities := file("CERTIFICATE"); authorities != nil {
		conf.RootCAs = x509.NewCertPool()
		conf.RootCAs.AppendCertsFromPEM(authorities)
	}
	if own, err := tls.X509KeyPair(file("CLIENT_CERTIFICATE"), file("CLIENT_KEY")); err == nil {
		conf.Certificates = []tls.Certificate{own}
	}
	return conf
}
