package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

const idHost = "agent-host"

const (
	codeHostResolves   Code = "agent-host-resolves"
	codeHostUnresolved Code = "agent-host-unresolved"
	codeHostPublic     Code = "agent-host-public"
)

// agentAddrs is what agent-host learns.
type agentAddrs struct {
	// chosen is the address that a tracer sends to.
	chosen netip.Addr
}

func agentHost() Probe {
	return Probe{
		ID:    idHost,
		Hop:   HopResolve,
		Title: "the agent's host resolves",
		Codes: []Code{codeHostResolves, codeHostUnresolved, codeHostPublic},
		Run:   runAgentHost,
	}
}

func runAgentHost(ctx context.Context, env *Env) Finding {
	if env.config().UsesCollector() {
		return notUsed("spans go to the collector, the agent is not used")
	}
	host := env.config().Reporter.Agent.Host
	addrs, err := env.Lookup(ctx, host)
	if err == nil && len(addrs) == 0 {
		err = errors.New("no address")
	}
	if err != nil {
		return unresolved(env, host, err)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	chosen := preferred(addrs)
	env.learn(agentAddrs{chosen})
	if !strings.Contains(host, ".") && !strings.Contains(host, ":") && isPublic(chosen) {
		return found(StatusWarn, codeHostPublic,
			"host %s has no dot in its name and resolves to the public address %s", host, chosen).
			saw(listAddrs(host, addrs)).
			hint(fmt.Sprintf("getent ahosts %s", host)).
			maybe(
				Cause{Text: "a search domain of this machine answers every name", Command: "grep search /etc/resolv.conf"},
				Cause{Text: "the name is meant, and the agent is on a public address"},
			)
	}
	return found(StatusOK, codeHostResolves, "host %s is %s", host, chosen).saw(listAddrs(host, addrs))
}

func unresolved(env *Env, host string, err error) Finding {
	f := found(StatusFail, codeHostUnresolved, "agent host %s does not resolve: %s", host, reason(err)).
		saw(fmt.Sprintf("lookup %s: %v", host, err)).
		saw("reporter.agent.host is from " + origin(env.Loaded, "reporter.agent.host"))
	if !strings.Contains(host, ".") {
		f = f.maybe(
			Cause{Text: "the name is of a compose service or a container on another network", Command: "docker network ls"},
			Cause{Text: "compose's hostname: and docker's --hostname are not names that others resolve; use the service's name or an alias"},
		)
	}
	return f.hint("--agent-host localhost")
}

// preferred is the address that package net would connect to: IPv4 first, as
// net.ResolveUDPAddr does and so jaeger-client-go.
func preferred(addrs []netip.Addr) netip.Addr {
	if i := slices.IndexFunc(addrs, netip.Addr.Is4); i >= 0 {
		return addrs[i]
	}
	return addrs[0]
}

func listAddrs(host string, addrs []netip.Addr) string {
	text := make([]string, len(addrs))
	for i, a := range addrs {
		text[i] = a.String()
	}
	return fmt.Sprintf("lookup %s: %s", host, strings.Join(text, ", "))
}

func isPublic(a netip.Addr) bool {
	// 100.64.0.0/10 is for carriers and overlay networks, RFC 6598.
	shared := netip.MustParsePrefix("100.64.0.0/10")
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}

// isLoopback reports whether the configured agent is this machine itself.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
