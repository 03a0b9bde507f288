package config

import (
	"net/url"
	"slices"
	"strings"
)

// envOTLPHeaders has headers for OTLP, API keys and tokens among them;
// envTracesHeaders takes its place for traces. The SDK reads both by itself.
const (
	envTracesHeaders = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
	envOTLPHeaders   = "OTEL_EXPORTER_OTLP_HEADERS"
)

// writtenEndpoint is the collector that one layer names.
type writtenEndpoint struct {
	url  string
	from Origin
}

// credential is a secret for the collector, and the place that it was written in.
type credential struct {
	from Origin
	// beside is the endpoint that the same layer names, "" for none.
	beside string
}

// withheld says why a credential must not be sent to an endpoint.
type withheld int

const (
	// sendable is the zero value: it may be sent.
	sendable withheld = iota
	// toFoundFile: a config.yaml that was only found in the working directory, as
	// in any cloned repository, would redirect a secret of the environment.
	toFoundFile
	// toOtherHost: the secret was written beside the endpoint of another host.
	toOtherHost
)

// judge decides whether a credential is sent to endpoint. found says that the
// configuration file is the working directory's and that nobody named it. The
// file that --config names and the one in the user's configuration directory are
// the user's own words.
func (c credential) judge(endpoint writtenEndpoint, found bool) withheld {
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

// withholdCredentials leaves out what must not be sent to the collector that all
// layers together name, and warns of it. It is called once every layer was read.
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
		if why := secret.judge(endpoint, l.found); why != sendable {
			cfg.Reporter.Collector.WithoutHeaders = true
			l.warnWithheld(secret, headers, endpoint, why)
		}
	}
}

// withholdLogin leaves out user and password together: one is of no use alone.
func (l *loader) withholdLogin(cfg *Config, endpoint writtenEndpoint) {
	for _, name := range []string{keyCollectorPassword, keyCollectorUser} {
		secret := l.credential(l.origins[name])
		why := secret.judge(endpoint, l.found)
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

// warnWithheld says what is not sent where, why, and how it would be.
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
		l.warn("if "+to+" is meant, set "+l.byName[keyCollectorEndpoint].Otdemo+" to it, or name the file: --config "+fileName,
			"%s%s not sent to %s, because %s names that and was only found in the working directory",
			text, verb, to, endpoint.from)
		return
	}
	l.warn("if "+to+" is meant, write both in one place: "+l.spell(keyCollectorEndpoint, LayerOtdemo, to)+
		l.besideIt(what), "%s%s not sent to %s of %s: meant for %s, on another host",
		text, verb, to, endpoint.from, maskURL(c.beside))
}

// besideIt returns the assignments of a secret, for the end of a command line.
func (l *loader) besideIt(what string) string {
	if strings.HasPrefix(what, otelPrefix) {
		return " " + what + "=..."
	}
	return " " + l.byName[keyCollectorUser].Otdemo + "=... " + l.byName[keyCollectorPassword].Otdemo + "=..."
}
