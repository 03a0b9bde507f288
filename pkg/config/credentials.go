package config

import (
	"fmt"
	"net/url"
	"strings"
)

// envOTLPHeaders has headers for OTLP, API keys and tokens among them;
// envTracesHeaders replaces it for traces. The SDK reads both by itself.
const (
	envTracesHeaders = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
	envOTLPHeaders   = "OTEL_EXPORTER_OTLP_HEADERS"
)

// withholdCredentials removes what must not be sent to the effective collector, and
// warns about it. It is called when every layer was read.
func (l *loader) withholdCredentials(cfg *Config) {
	c := &cfg.Reporter.Collector
	if c.User != "" && c.Password != "" {
		assignments := l.byName[keyCollectorUser].Otdemo + "=... " + l.byName[keyCollectorPassword].Otdemo + "=..."
		for _, name := range []string{keyCollectorPassword, keyCollectorUser} {
			from := l.origins[name]
			text := fmt.Sprintf("%s: %s and %s are", from, keyCollectorUser, keyCollectorPassword)
			if l.withhold(text, assignments, from, cfg) {
				// One is of no use alone.
				c.User, c.Password = "", ""
				l.viper.Set(keyCollectorUser, "")
				l.viper.Set(keyCollectorPassword, "")
				break
			}
		}
	}
	if cfg.Tracer == TracerOTel {
		headers := l.traceVariable(envTracesHeaders, envOTLPHeaders)
		c.WithoutHeaders = l.env[headers] != "" && l.withhold(headers+" is", headers+"=...", Origin{LayerOTel, headers}, cfg)
	}
}

// withhold reports whether a secret that was set at from must not be sent to the
// collector, and warns then. text is the secret with its verb, assignments set it.
//
// A config.yaml that was only found in the working directory, as in any cloned
// repository, must not redirect a secret of the environment; the file that --config
// names and the one in the user's configuration directory are the user's own. Nor is a
// secret for another host that is set beside it.
func (l *loader) withhold(text, assignments string, from Origin, cfg *Config) bool {
	endpoint, beside := l.origins[keyCollectorEndpoint], l.endpoints[from.Layer]
	to, variable := maskURL(cfg.CollectorURL()), l.byName[keyCollectorEndpoint].Otdemo
	switch {
	case l.found && endpoint.Layer == LayerFile && from.Layer != LayerFile:
		l.warn(fmt.Sprintf("if %s is intended, set %s to it, or name the file: --config %s", to, variable, fileName),
			"%s not sent to %s, because %s sets that endpoint and was only found in the working directory", text, to, endpoint)
	case beside != "" && to != "" && !sameHost(beside, cfg.CollectorURL()):
		l.warn(fmt.Sprintf("if %s is intended, write both in one place: %s %s", to, l.assignment(keyCollectorEndpoint, LayerOtdemo, to), assignments),
			"%s not sent to %s of %s: intended for %s, on another host", text, to, endpoint, maskURL(beside))
	default:
		return false
	}
	return true
}

// sameHost reports whether two endpoints are on one host, whatever their ports,
// and the second is not in plain text where the first is encrypted.
func sameHost(a, b string) bool {
	first, errA := url.Parse(a)
	second, errB := url.Parse(b)
	if errA != nil || errB != nil || !strings.EqualFold(first.Hostname(), second.Hostname()) {
		return false
	}
	return !encrypted(first) || encrypted(second)
}
