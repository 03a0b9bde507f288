package config

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// The protocols of OTLP that Go's SDK has.
const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// traceVariable returns the variable for traces if it is set, else the one for all
// signals.
func (l *loader) traceVariable(traces, all string) string {
	if l.env[traces] != "" {
		return traces
	}
	return all
}

// loadOTelEndpoint sets the endpoint to a URL of the endpoint and the protocol.
func (l *loader) loadOTelEndpoint() {
	protocol := Origin{LayerOTel, l.traceVariable(envTracesProtocol, envOTLPProtocol)}
	word := l.otelWord(protocol.Detail)
	if word != "" && word != protocolGRPC && word != protocolHTTP {
		hint := didYouMean(protocol.Detail + "=" + protocolHTTP)
		switch {
		case word == "http/json":
			hint = fmt.Sprintf("use %s=%s; Go's SDK does not send JSON", protocol.Detail, protocolHTTP)
		case Nearest(word, []string{protocolGRPC}) != "":
			hint = didYouMean(protocol.Detail + "=" + protocolGRPC)
		}
		l.fail(protocol, hint, "must be grpc or http/protobuf, got %s", quote(word))
		return
	}
	grpc := word == protocolGRPC
	from := Origin{LayerOTel, l.traceVariable(envTracesEndpoint, envOTLPEndpoint)}
	raw := strings.TrimSpace(l.env[from.Detail])
	if raw == "" {
		// The protocol alone determines the default endpoint, but does not change one that
		// a lower layer sets.
		now := l.viper.GetString(keyCollectorEndpoint)
		switch {
		case word == "":
		case now == "" && grpc:
			l.set(keyCollectorEndpoint, kind.OTLPGRPCCollector, protocol)
		case now != "" && overGRPC(now) != grpc:
			l.warn("set "+envOTLPEndpoint+" too", "%s: not used, because the scheme of %s of %s determines the protocol",
				protocol, keyCollectorEndpoint, l.origins[keyCollectorEndpoint])
		}
		return
	}
	value, c := otelURL(raw, from.Detail, grpc)
	if c != nil {
		l.failValue(keyCollectorEndpoint, from, c)
		return
	}
	l.set(keyCollectorEndpoint, value, from)
	l.dropCredentials(from, l.byName[keyCollectorUser].Otdemo, l.byName[keyCollectorPassword].Otdemo)
}

// otelURL returns the URL for a variable's endpoint: over gRPC it has no path,
// over HTTP the variable for all signals is a base to which v1/traces is added.
func otelURL(raw, variable string, grpc bool) (string, *problem) {
	if c := checkURL(raw, webRoute("")); c != nil {
		switch {
		case overGRPC(raw):
			c.hint = fmt.Sprintf("write %s, and set %s=grpc",
				shell.Quote(maskURL("http"+strings.TrimPrefix(raw, "grpc"))), envOTLPProtocol)
		case grpc:
			c.hint = "such as " + variable + "=http://localhost:4317"
		case variable == envOTLPEndpoint:
			c.hint = "such as " + variable + "=http://localhost:4318"
		default:
			c.hint = "such as " + variable + "=" + kind.OTLPCollector
		}
		return "", c
	}
	wrong := func(claim, instead string) (string, *problem) {
		return "", &problem{claim: claim, got: quote(raw), instead: instead}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return wrong("must be a URL", "")
	}
	bare := u.Scheme + "://" + u.Host
	path := strings.TrimSuffix(u.Path, "/")
	base, added := strings.CutSuffix(path, "/v1/traces")
	switch {
	case grpc && path != "":
		return wrong("must not have a path for gRPC", bare)
	case grpc && u.Port() == "":
		return wrong("must have a port for gRPC", bare+":4317")
	case grpc:
		out := url.URL{Scheme: withTLS("grpc", encrypted(u)), User: u.User, Host: u.Host}
		return out.String(), nil
	case variable == envOTLPEndpoint && added:
		return wrong("must not end in v1/traces, which is added", bare+base)
	case variable == envOTLPEndpoint:
		return u.JoinPath("v1/traces").String(), nil
	case u.Path == "":
		return wrong("must have a path", bare+"/v1/traces")
	}
	return raw, nil
}

// otelAssign is Origin.assign for variables whose values have another form than the
// key's.
func otelAssign(variable string, key *Key, value string) string {
	switch {
	case variable == envTracesExporter:
		value = "otlp"
	case variable == envTracesSampler:
		value = "parentbased_always_on"
	case variable == envSamplerArg && key.Name == keySamplingEndpoint:
		return "endpoint=" + value + " in " + variable
	}
	return variable + "=" + shell.Quote(value)
}

// otelMeant returns the assignment that makes the endpoint value: of the protocol's
// variable if that is wrong, else of the endpoint's.
func (l *loader) otelMeant(value string) string {
	now := l.viper.GetString(keyCollectorEndpoint)
	variable := l.origins[keyCollectorEndpoint].Detail
	protocol := l.traceVariable(envTracesProtocol, envOTLPProtocol)
	switch {
	case overGRPC(value) && !overGRPC(now):
		return protocol + "=" + protocolGRPC
	case !overGRPC(value) && overGRPC(now):
		return protocol + "=" + protocolHTTP
	case overGRPC(value):
		value = "http" + strings.TrimPrefix(value, "grpc")
	case variable == envOTLPEndpoint:
		value = strings.TrimSuffix(value, "/v1/traces")
	}
	return variable + "=" + shell.Quote(value)
}
