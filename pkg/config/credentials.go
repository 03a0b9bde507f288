package config

import (
	"net/url"
	"slices"
	"strings"
)

// envOTLPHeaders has headers for OTLP, API keys and tokens among them;
// envTracesHeaders replaces it for traces. The SDK reads both by itself.
const (
	envTracesHeaders = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
	envOTLPHeaders   = "OTEL_EXPORTER_OTLP_HEADERS"
)

// writtenEndpoint is the collector that one layer sets.
type writtenEndpoint struct {
	url  string
	from Origin
}

// credential is a secret for the collector, and where it was set.
type credential struct {
	from Origin
	// beside is the endpoint that the same layer sets, "" for none.
	beside string
}

// withheld is why a credential must not be sent to an endpoint.
type withheld int

const (
	// sendable is the zero value: it may be sent.
	sendable withheld = iota
	// toFoundFile: a config.yaml that was only found in the working directory, as
	// in any cloned repository, would redirect a secret of the environment.
	toFoundFile
	// toOtherHost: the same layer sets the secret and an endpoint on another host.
	toOtherHost
)

// check decides whether a credential may be sent to endpoint. found reports that the
// configuration file is the working directory's and that --config did not name it. The
// file that --config names and the one in the user's configuration directory are the
// user's own.
func (c credential) check(endpoint writtenEndpoint, found bool) withheld {
	switch {
	case found && endpoint.from.Layer == LayerFile && c.from.Layer != LayerFile:
		return toFoundFile
	case c.beside != "" && endpoint.url != "" && !sameHost(c.beside, endpoint.url):
		return toOtherHost
	}
	return sendable
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

func encrypted(u *url.URL) bool { return u.Scheme == "https" || u.Scheme == "grpcs" }

// withholdCredentials removes what must not be sent to the effective collector, and
// warns about it. It is called when every layer was read.
func (l *loader) withholdCredentials(cfg *Config) {
	endpoint := writtenEndpoint{url: cfg.CollectorURL(), from: l.origins[keyCollectorEndpoint]}
	if cfg.Reporter.Collector.User != "" && cfg.Reporter.Collector.Password != "" {
		l.withholdLogin(cfg, endpoint)
	}
	if cfg.Tracer != TracerOTel {
		return
	}
	if headers := l.traceVariable(envTracesHeaders, envOTLPHeaders); l.env.get(headers) != "" {
		secret := l.credential(Origin{LayerOTel, headers})
		if why := secret.check(endpoint, l.found); why != sendable {
			cfg.Reporter.Collector.WithoutHeaders = true
			l.warnWithheld(secret, headers, endpoint, why)
		}
	}
}

// withholdLogin removes user and password together: one is of no use alone.
func (l *loader) withholdLogin(cfg *Config, endpoint writtenEndpoint) {
	for _, name := range []string{keyCollectorPassword, keyCollectorUser} {
		secret := l.credential(l.origins[name])
		why := secret.check(endpoint, l.found)
		if why == sendable {
			continue
		}
		cfg.Reporter.Collector.User, cfg.Reporter.Collector.Password = "", ""
		for _, key := range []string{keyCollectorUser, keyCollectorPassword} {
			l.viper.Set(key, "")
		}
		l.warnWithheld(secret, keyCollectorUser+" and "+keyCollectorPassword, endpoint, why)
		return
	}
}

func (l *loader) credential(from Origin) credential {
	c := credential{from: from}
	if i := slices.IndexFunc(l.endpoints, func(e writtenEndpoint) bool { return e.from.Layer == from.Layer }); i >= 0 {
		c.beside = l.endpoints[i].url
	}
	return c
}

// warnWithheld warns what is not sent where and why, and how to send it.
func (l *loader) warnWithheld(c credential, what string, endpoint writtenEndpoint, why withheld) {
	text := what
	if c.from.Detail != what {
		text = c.from.Detail + ": " + what
	}
	verb := " is"
	if strings.Contains(what, " and ") {
		verb = " are"
	}
	to := maskURL(endpoint.url)
	if why == toFoundFile {
		l.warn("if "+to+" is intended, set "+l.byName[keyCollectorEndpoint].Otdemo+" to it, or name the file: --config "+fileName,
			"%s%s not sent to %s, because %s sets that endpoint and was only found in the working directory",
			text, verb, to, endpoint.from)
		return
	}
	l.warn("if "+to+" is intended, write both in one place: "+l.assignment(keyCollectorEndpoint, LayerOtdemo, to)+
		l.secretAssignments(what), "%s%s not sent to %s of %s: intended for %s, on another host",
		text, verb, to, endpoint.from, maskURL(c.beside))
}

// besideIt returns the assignments of a secret, for the end of a command line.
func (l *loader) secretAssignments(what string) string {
	if strings.HasPrefix(what, otelPrefix) {
		return " " + what + "=..."
	}
	return " " + l.byName[keyCollectorUser].Otdemo + "=... " + l.byName[keyCollectorPassword].Otdemo + "=..."
}
