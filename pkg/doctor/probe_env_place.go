package doctor

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

const idPlace = "agent-place"

const (
	codePlaceRemote    Code = "agent-place-remote"
	codePlaceHere      Code = "agent-place-here"
	codePlaceContainer Code = "agent-place-container"
)

// placeProbe says what localhost means here. Whether spans get through there is
// for other probes to find out: with a sidecar or the host's network they do.
func placeProbe() Probe {
	return Probe{
		ID:    idPlace,
		Hop:   HopResolve,
		Title: "it is known which machine the address of Jaeger means",
		Codes: []Code{codePlaceRemote, codePlaceHere, codePlaceContainer},
		Run:   runPlace,
	}
}

func runPlace(_ context.Context, env *Env) Finding {
	host, key := env.config().Reporter.Agent.Host, "reporter.agent.host"
	if env.config().UsesCollector() {
		key = "reporter.collector.endpoint"
		if u, err := url.Parse(env.config().Reporter.Collector.Endpoint); err == nil {
			host = u.Hostname()
		}
	}
	where := key + " is from " + origin(env.Loaded, key)
	switch {
	case !isLoopback(host):
		return found(StatusOK, codePlaceRemote, "spans go to %s, not to a loopback address", host).saw(where)
	case !env.inContainer():
		return found(StatusOK, codePlaceHere, "%s is this machine", host).saw(where)
	}
	f := found(StatusOK, codePlaceContainer,
		"%s is this container: right with the host's network, wrong for a Jaeger in another container", host)
	hint := "JAEGER_AGENT_HOST=jaeger"
	if env.inPod() {
		f.Fact = host + " is this pod: right for a sidecar, wrong for an agent on each node"
		hint = "env: [{name: JAEGER_AGENT_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]"
	}
	if env.config().UsesCollector() {
		hint = "JAEGER_ENDPOINT=" + thriftURL("jaeger")
	}
	return f.saw(where).hint(hint)
}

// inPod reports whether Kubernetes runs this process.
func (t *Target) inPod() bool {
	return slices.ContainsFunc(t.Environ, func(kv string) bool { return strings.HasPrefix(kv, "KUBERNETES_SERVICE_HOST=") })
}
