package transport

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeHostResolves probe.Code = "agent-host-resolves"
	codeHostPublic   probe.Code = "agent-host-public"
)

// HostProbe resolves the agent's host name. It publishes the netip.Addr that a tracer
// sends to.
func HostProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDHost,
		Hop:   probe.HopResolve,
		Title: "the agent's host resolves",
		Codes: []probe.Code{codeHostResolves, probe.CodeHostUnresolved, codeHostPublic},
		Run:   runHost,
	}
}

func runHost(ctx context.Context, env *probe.Env) probe.Finding {
	if env.Config().UsesCollector() {
		return probe.NotUsed("spans go to the collector; the agent is not used")
	}
	host := env.Config().Reporter.Agent.Host
	addrs, err := env.Lookup(ctx, host)
	if err == nil && len(addrs) == 0 {
		err = errors.New("no address")
	}
	if err != nil {
		return unresolved(env, host, err)
	}
	text := make([]string, len(addrs))
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
		text[i] = addrs[i].String()
	}
	saw := fmt.Sprintf("lookup %s: %s", host, strings.Join(text, ", "))
	chosen := probe.Preferred(addrs)
	env.Publish(chosen)
	if !strings.ContainsAny(host, ".:") && isPublic(chosen) {
		return probe.Warn(codeHostPublic, "host %s has no dot in its name and resolves to the public address %s", host, chosen).
			Saw(saw).
			Hint("getent ahosts "+host).
			Perhaps("a search domain of this machine resolves every name", "grep search /etc/resolv.conf").
			Perhaps("this is intended: the agent has a public address", "")
	}
	return probe.OK(codeHostResolves, "host %s resolves to %s", host, chosen).Saw(saw)
}

func unresolved(env *probe.Env, host string, err error) probe.Finding {
	f := probe.Fail(probe.CodeHostUnresolved, "agent host %s does not resolve: %s", host, probe.Reason(err)).
		Saw(fmt.Sprintf("lookup %s: %v", host, err)).
		Saw("reporter.agent.host is from " + probe.Origin(env.Loaded, "reporter.agent.host"))
	if !strings.Contains(host, ".") {
		f = f.
			Perhaps("the name is a compose service or a container on another network", "docker network ls").
			Perhaps("compose's hostname: and docker's --hostname are not names that other containers can resolve; use the service name or an alias", "")
	}
	return f.Hint("--agent-host localhost")
}

func isPublic(a netip.Addr) bool {
	// 100.64.0.0/10 is for carriers and overlay networks, RFC 6598.
	shared := netip.MustParsePrefix("100.64.0.0/10")
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}
