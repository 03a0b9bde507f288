package otel

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// otlpLimits are what the SDK reads from its own variables for parts that we
// replace. None of them has a key in the configuration.
type otlpLimits struct {
	// batch is the most spans in a request.
	batch int
	// export is how long a batch is tried, and request bounds one try.
	export, request time.Duration
}

// readOTLPLimits has the SDK's defaults, and ignores what is no number, as it
// does. Package config warns of it.
func readOTLPLimits() otlpLimits {
	l := otlpLimits{batch: 512, export: reporter.RetryTimeout, request: 10 * time.Second}
	for _, v := range []struct {
		name string
		set  func(n int)
	}{
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", func(n int) { l.batch = n }},
		{"OTEL_BSP_EXPORT_TIMEOUT", func(n int) { l.export = time.Duration(n) * time.Millisecond }},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", func(n int) { l.request = time.Duration(n) * time.Millisecond }},
		{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", func(n int) { l.request = time.Duration(n) * time.Millisecond }},
	} {
		if n, err := strconv.Atoi(sdkVariable(v.name)); err == nil && n >= 1 {
			v.set(n)
		}
	}
	return l
}

// otlpTLS returns the TLS configuration of OTEL_EXPORTER_OTLP_CERTIFICATE and its
// sisters for OTLP over HTTP, where an exporter with a client of ours leaves that
// to us; nil if there is none. What cannot be read is logged and ignored, as the
// SDK does: the system's authorities hold then.
func otlpTLS(log *slog.Logger) *tls.Config {
	var c tls.Config
	ignored := func(name string, err error) {
		log.Warn("a variable is ignored, as OpenTelemetry's SDK ignores what it cannot read", "variable", name, "error", err)
	}
	if name, file := otlpVariable("CERTIFICATE"); file != "" {
		pem, err := os.ReadFile(file)
		pool := x509.NewCertPool()
		if err == nil && !pool.AppendCertsFromPEM(pem) {
			err = fmt.Errorf("no certificate in PEM form in %s", file)
		}
		if err == nil {
			c.RootCAs = pool
		} else {
			ignored(name, err)
		}
	}
	name, cert := otlpVariable("CLIENT_CERTIFICATE")
	_, key := otlpVariable("CLIENT_KEY")
	if cert != "" && key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err == nil {
			c.Certificates = []tls.Certificate{pair}
		} else {
			ignored(name, err)
		}
	}
	if c.RootCAs == nil && c.Certificates == nil {
		return nil // net/http's own default
	}
	c.MinVersion = tls.VersionTLS12
	return &c
}

// otlpVariable returns the variable for traces or else the one for all signals.
func otlpVariable(suffix string) (name, value string) {
	name = "OTEL_EXPORTER_OTLP_TRACES_" + suffix
	if value = sdkVariable(name); value != "" {
		return name, value
	}
	name = "OTEL_EXPORTER_OTLP_" + suffix
	return name, sdkVariable(name)
}

// sdkVariable reads the environment where the SDK does.
func sdkVariable(name string) string {
	return os.Getenv(name) //nolint:forbidigo // the SDK reads the process's own as well, and has no option for another
}
