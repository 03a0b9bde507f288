package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// The JAEGER_* variables that depend on each other. The others are in the key table
// only. All are those of jaeger-client-go v2.30.0, config/config_env.go.
const (
	envSamplingEndpoint  = "JAEGER_SAMPLING_ENDPOINT"
	envSamplerManager    = "JAEGER_SAMPLER_MANAGER_HOST_PORT"
	envEndpoint          = "JAEGER_ENDPOINT"
	envUser              = "JAEGER_USER"
	envPassword          = "JAEGER_PASSWORD"
	envAgentHost         = "JAEGER_AGENT_HOST"
	envAgentPort         = "JAEGER_AGENT_PORT"
	envReconnectDisabled = "JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED"
	envReconnectInterval = "JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL"
)

// loadJaeger sets the keys of the JAEGER_* variables as jaeger-client-go would. Those of
// addresses are only for tracer jaeger.
func (l *loader) loadJaeger(tracer *kind.Kind) {
	// These depend on each other. They are addresses for jaeger-client-go's spans and
	// strategies, not for other tracers'.
	addresses := []string{
		keySamplingEndpoint, keyAgentHost, keyAgentPort, keyReconnect, keyReconnectInterval,
		keyCollectorEndpoint, keyCollectorUser, keyCollectorPassword,
	}
	for _, key := range l.keys {
		if len(key.Jaeger) == 1 && !slices.Contains(addresses, key.Name) {
			l.setJaeger(key.Name, key.Jaeger[0])
		}
	}
	l.warnMisspelt(jaegerPrefix, "jaeger-client-go", func(key Key) []string { return key.Jaeger }, func(rest string) bool {
		return slices.Contains([]string{
			"LISTEN_HOST",                                 // Jaeger 2's server
			"PROPAGATION", "SENDER_FACTORY", "AUTH_TOKEN", // jaeger-client-java
			"SAMPLER_HOST", "SAMPLER_PORT", // jaeger-client-node
			"SAMPLER_NOT_PARENT_BASED", // grafana/dskit
		}, rest)
	})
	switch {
	case tracer.HasDefault():
		return
	case l.env[envEndpoint] != "":
		l.loadJaegerCollector()
	default:
		l.loadJaegerAgent()
	}
	l.loadJaegerSampling()
}

// warnJaegerAddress warns about another tracer that uses its default address although
// JAEGER_* variables set one.
func (l *loader) warnJaegerAddress(cfg *Config) {
	if cfg.Reporter.Collector.Endpoint != "" {
		return
	}
	if ignored := l.env.present(envEndpoint, envAgentHost, envAgentPort); len(ignored) > 0 {
		l.warn(didYouMean(l.assignment(keyCollectorEndpoint, LayerOtdemo, l.onJaegerHost(cfg.CollectorURL()))),
			"%s: not used, because tracer is %s; spans go to %s", strings.Join(ignored, ", "), cfg.Tracer, cfg.CollectorURL())
	}
}

// onJaegerHost returns address with the host that JAEGER_* variables set, if it is
// valid.
func (l *loader) onJaegerHost(address string) string {
	host := l.env[envAgentHost]
	if u, err := url.Parse(l.env[envEndpoint]); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	u, err := url.Parse(address)
	if err != nil || checkHost(host, keyAgentPort) != nil {
		return address
	}
	u.Host = net.JoinHostPort(host, u.Port())
	return u.String()
}

func (l *loader) setJaeger(name, variable string) { l.setVariable(name, Origin{LayerJaeger, variable}) }

// loadJaegerCollector is used if JAEGER_ENDPOINT is set: the agent's variables are not
// read, and a user and password of lower layers belong to another collector, so they
// must not be sent to this one.
func (l *loader) loadJaegerCollector() {
	l.setJaeger(keyCollectorEndpoint, envEndpoint)
	if ignored := l.env.present(envAgentHost, envAgentPort, envReconnectDisabled, envReconnectInterval); len(ignored) > 0 {
		l.warn("unset "+envEndpoint+" to send spans over UDP", "%s: not used to send spans, because %s is set",
			strings.Join(ignored, ", "), envEndpoint)
	}
	switch credentials := l.env.present(envUser, envPassword); len(credentials) {
	case 0:
		l.dropCredentials(Origin{LayerJaeger, envEndpoint}, envUser, envPassword)
	case 1:
		l.fail(Origin{LayerJaeger, credentials[0]}, "set both, or unset "+credentials[0],
			"%s and %s must be set together", envUser, envPassword)
	default:
		l.setJaeger(keyCollectorUser, envUser)
		l.setJaeger(keyCollectorPassword, envPassword)
	}
}

// dropCredentials removes a user and password of the file if the endpoint is from
// another layer, whose variables for them the hint names.
func (l *loader) dropCredentials(endpoint Origin, user, password string) {
	for _, name := range []string{keyCollectorUser, keyCollectorPassword} {
		if from := l.origins[name]; from.Layer == LayerFile {
			l.warn(fmt.Sprintf("set %s and %s", user, password), "%s: %s is not sent to %s, which is another collector", from, name, endpoint)
			l.set(name, "", endpoint)
		}
	}
}

func (l *loader) loadJaegerAgent() {
	if ignored := l.env.present(envUser, envPassword); len(ignored) > 0 {
		l.warn("set "+envEndpoint+" too, or OTDEMO_REPORTER_COLLECTOR_USER and _PASSWORD instead",
			"%s: ignored, because %s is not set", strings.Join(ignored, ", "), envEndpoint)
	}
	l.setJaeger(keyAgentHost, envAgentHost)
	l.setJaeger(keyAgentPort, envAgentPort)
	l.setJaeger(keyReconnect, envReconnectDisabled)
	if from := l.origins[keyReconnect]; from.Detail == envReconnectDisabled {
		disabled := l.viper.GetBool(keyReconnect)
		l.set(keyReconnect, !disabled, from)
		if disabled {
			if l.env[envReconnectInterval] != "" {
				l.warn("unset "+envReconnectDisabled, "%s: ignored, because %s is true", envReconnectInterval, envReconnectDisabled)
			}
			return
		}
	}
	l.setJaeger(keyReconnectInterval, envReconnectInterval)
}

// loadJaegerSampling finds the strategy server: its own variable, else the
// deprecated one, else the agent's host, even when spans go to a collector.
func (l *loader) loadJaegerSampling() {
	switch {
	case l.env[envSamplingEndpoint] != "":
		l.setJaeger(keySamplingEndpoint, envSamplingEndpoint)
		if l.env[envSamplerManager] != "" {
			l.warn("unset "+envSamplerManager, "%s: ignored, because %s is set", envSamplerManager, envSamplingEndpoint)
		}
	case l.env[envSamplerManager] != "":
		l.setJaeger(keySamplingEndpoint, envSamplerManager)
		l.warn("set "+envSamplingEndpoint+" instead, which is a complete URL too", "%s: deprecated", envSamplerManager)
	case l.env[envAgentHost] != "":
		l.moveSampling(l.env[envAgentHost])
	}
}

// moveSampling sets the strategy server to the agent's host. Config.SamplingURL does so
// by itself, unless the file sets a server, or JAEGER_ENDPOINT prevents that the host
// becomes reporter.agent.host.
func (l *loader) moveSampling(host string) {
	from := Origin{LayerJaeger, envAgentHost}
	named := l.viper.GetString(keySamplingEndpoint) != ""
	if !named && l.env[envEndpoint] == "" {
		return
	}
	if c := checkHost(host, keyAgentPort); c != nil {
		l.failValue(keyAgentHost, from, c)
		return
	}
	if named {
		l.warn("set "+envSamplingEndpoint+" to keep it", "%s: moves %s of %s to %s, as in jaeger-client-go",
			envAgentHost, keySamplingEndpoint, l.origins[keySamplingEndpoint], samplingURL(host))
	}
	l.set(keySamplingEndpoint, samplingURL(host), from)
}
