package otel

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
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
	millis := func(otherwise time.Duration, names ...string) time.Duration {
		return time.Duration(sdkNumber(int(otherwise/time.Millisecond), names...)) * time.Millisecond
	}
	return otlpLimits{
		batch:   sdkNumber(512, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
		export:  millis(reporter.RetryTimeout, "OTEL_BSP_EXPORT_TIMEOUT"),
		request: millis(10*time.Second, "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"),
	}
}

// sdkNumber returns the last positive number among variables.
func sdkNumber(otherwise int, names ...string) int {
	for _, name := range names {
		if n, err := strconv.Atoi(sdkVariable(name)); err == nil && n >= 1 {
			otherwise = n
		}
	}
	return otherwise
}

// otlpTLS returns the TLS configuration of OTEL_EXPORTER_OTLP_CERTIFICATE and its
// sisters for OTLP over HTTP, where an exporter with a client of ours leaves that
// to us; nil if there is none. What cannot be read is logged and ignored, as the
// SDK does: the system's authorities hold then.
func otlpTLS(log *slog.Logger) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	ignored := func(name string, err error) {
		log.Warn("a variable is ignored, as OpenTelemetry's SDK ignores what it cannot read", "variable", name, "error", err)
	}
	if name, file := otlpVariable("CERTIFICATE"); file != "" {
		pem, err := config.ReadFile(file)
		pool := x509.NewCertPool()
		switch {
		case err != nil:
			ignored(name, err)
		case !pool.AppendCertsFromPEM(pem):
			ignored(name, fmt.Errorf("no certificate in PEM form in %s", file))
		default:
			c.RootCAs = pool
		}
	}
	name, cert := otlpVariable("CLIENT_CERTIFICATE")
	_, key := otlpVariable("CLIENT_KEY")
	if cert != "" && key != "" {
		certPEM, certErr := config.ReadFile(cert)
		keyPEM, keyErr := config.ReadFile(key)
		pair, err := tls.X509KeyPair(certPEM, keyPEM)
		if err = cmp.Or(certErr, keyErr, err); err == nil {
			c.Certificates = []tls.Certificate{pair}
		} else {
			ignored(name, err)
		}
	}
	if c.RootCAs == nil && c.Certificates == nil {
		return nil // net/http's own default
	}
	return c
}

// checkFiles returns an error for a file that the SDK would not stop reading, such as a
// pipe or /dev/zero: it reads whatever its variables name, without a bound, when an
// exporter is made.
func checkFiles() error {
	for _, end := range []string{"CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"} {
		for _, prefix := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"} {
			file := sdkVariable(prefix + end)
			if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
				return fmt.Errorf("%s%s: %s is not a regular file, and OpenTelemetry's SDK would wait for its end", prefix, end, file)
			}
		}
	}
	return nil
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

func sdkVariable(name string) string {
	return os.Getenv(name) //nolint:forbidigo // the SDK reads the process's own as well, and has no option for another
}
