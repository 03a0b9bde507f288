package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// The codes of what is found here.
const (
	codeEngineResponds probe.Code = "docker-engine-answers"
	codeNotListed      probe.Code = "docker-not-asked"
	codeNoJaeger       probe.Code = "docker-no-jaeger"
	codeNoFault        probe.Code = "docker-well"
	CodeNotPublished   probe.Code = "docker-port-not-published"
	codeAsTCP          probe.Code = "docker-port-published-as-tcp"
	codeOtherPort      probe.Code = "docker-port-published-elsewhere"
	codeOtherAddr      probe.Code = "docker-port-on-other-address"
	codeNotRunning     probe.Code = "docker-jaeger-not-running"
	codeBeforeStorage  probe.Code = "docker-jaeger-before-storage"
	codeNoUDP          probe.Code = "docker-image-without-udp"
	codeNoNetwork      probe.Code = "docker-no-shared-network"
	codeOtherHost      probe.Code = "docker-jaeger-has-other-name"
	codeV1Settings     probe.Code = "docker-v1-settings"
	codeStorageURL     probe.Code = "docker-storage-url"
	codeStorageUnset   probe.Code = "docker-storage-unset"
)

// judgeNeed returns why the engine's containers cannot meet the need, and false
// if they do not explain it.
func (v *view) judgeNeed(ctx context.Context, t *probe.Target, n Need, all []Need) (probe.Finding, bool) {
	if v.self != nil {
		return v.judgeInside(n, all)
	}
	if c := v.byName(n.Host); c != nil && !n.Addr.IsValid() {
		return v.judgeName(c, n)
	}
	if c := v.byAddr(n.Addr); c != nil && c.lacks(n) {
		return withoutUDP(c, n), true
	}
	if !v.isLocal(ctx, t, n) {
		return probe.Finding{}, false
	}
	c := v.closest(n, all)
	if c.onHostNetwork() && c.up() {
		return probe.Finding{}, false
	}
	if !c.up() {
		return v.notRunning(c), true
	}
	bindings := c.published()
	if c.lacks(n) {
		return withoutUDP(c, n), true
	}
	var missing []Binding
	for _, other := range all {
		// A need that another container meets has its port.
		if other.Host != "" && !other.Met() && !isPublished(bindings, other) && v.isLocal(ctx, t, other) {
			missing = append(missing, c.binding(other))
		}
	}
	if isPublished(bindings, n) {
		return probe.Finding{}, false
	}
	f := portFault(c, n, bindings).Saw("docker inspect " + c.name() + ": " + listPorts(bindings))
	for _, b := range missing {
		if holder := v.holder(b); holder != "" && holder != c.name() {
			f.Fact += fmt.Sprintf("; port %d/%s of this machine is published by container %s", b.Port, b.Proto, holder)
			return f.Hint(fmt.Sprintf("docker ps --filter publish=%d/%s", b.Port, b.Proto)), true
		}
	}
	f = replaceWith(f, c, missing, c.ownImage())
	return f.Hint("-p " + strings.Join(texts(missing), " -p ")), true
}

// portFault compares what a running container publishes with what is needed.
func portFault(c *container, n Need, bindings []Binding) probe.Finding {
	for _, b := range bindings {
		switch sameProto := b.Proto == n.Proto; {
		case b.Inside != n.Inside, !sameProto && b.Port != n.Port:
		case !sameProto:
			return probe.Found(probe.StatusFail, codeAsTCP, "%s publishes %d as %s; %s is not published", c.label(), n.Inside, b.Proto, n)
		case b.Port != n.Port:
			return probe.Found(probe.StatusFail, codeOtherPort, "%s publishes %s on port %d, but the configuration uses %d",
				c.label(), n, b.Port, n.Port).Hint(n.flag(n.Host, b.Port))
		default:
			return probe.Found(probe.StatusFail, codeOtherAddr, "%s publishes %s on %s only, but the configuration uses %s",
				c.label(), n, b.Host, n.Addr).Hint(n.flag(b.Host.String(), n.Port))
		}
	}
	return probe.Found(probe.StatusFail, CodeNotPublished, "%s publishes %s; %s is not published", c.label(), listPorts(bindings), n)
}

func isPublished(bindings []Binding, n Need) bool {
	return slices.ContainsFunc(bindings, func(b Binding) bool {
		return b.Inside == n.Inside && b.Proto == n.Proto && b.Port == n.Port && (b.everywhere() || b.Host == n.Addr)
	})
}

func listPorts(bindings []Binding) string {
	var names []string
	for _, b := range bindings {
		name := b.inContainer()
		if b.Port != b.Inside {
			name += fmt.Sprintf(" on %d", b.Port)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no port"
	}
	return strings.Join(names, ", ")
}

// isLocal reports whether the need goes to where the engine publishes ports.
func (v *view) isLocal(ctx context.Context, t *probe.Target, n Need) bool {
	if v.engine.host != "" {
		return n.Host == v.engine.host || n.Addr.String() == v.engine.host
	}
	return probe.IsOwn(ctx, t, n.Addr)
}

func (c *container) lacks(n Need) bool {
	p := c.program()
	_, exposed := c.defaults.ExposedPorts[n.String()]
	return n.Proto == "udp" && p.Image.Lacks(n.Inside) && !exposed && !p.HasConfig()
}

func (v *view) judgeName(c *container, n Need) (probe.Finding, bool) {
	host := cmp.Or(v.engine.host, "localhost")
	f := probe.Found(probe.StatusFail, codeOtherHost, "%s is a name on Docker's own networks, which does not resolve outside them", n.Host).
		Saw("docker inspect " + c.name() + ": " + listPorts(c.published()))
	for _, b := range c.published() {
		if b.Inside == n.Inside && b.Proto == n.Proto {
			return f.Hint(n.flag(host, b.Port)), true
		}
	}
	return replaceWith(f.Hint(n.flag(host, n.Port)), c, []Binding{c.binding(n)}, c.ownImage()), true
}

// judgeInside is for a process in a container, to which published ports mean
// nothing: it needs a network in common with Jaeger, and Jaeger's name there.
func (v *view) judgeInside(n Need, all []Need) (probe.Finding, bool) {
	c := v.closest(n, all)
	if !c.up() {
		return v.notRunning(c), true
	}
	saw := fmt.Sprintf("%s is on %s; this container (%s) is on %s",
		c.name(), listNetworks(c), v.self.name(), listNetworks(v.self))
	switch network := c.shared(v.self); {
	case network != "" && n.Addr.IsValid() && !n.Addr.IsLoopback():
		return probe.Finding{}, false
	case network != "":
		return probe.Found(probe.StatusFail, codeOtherHost, "%s is this container itself or does not resolve; Jaeger is %s on network %s",
			n.Host, c.label(), network).Saw(saw).Hint(n.flag(c.name(), n.Inside)), true
	}
	f := probe.Found(probe.StatusFail, codeNoNetwork, "%s shares no network with this container", c.label()).Saw(saw)
	switch own, theirs := v.self.networks(), c.networks(); {
	case len(theirs) > 0:
		f = f.Hint("docker network connect " + theirs[0] + " " + v.self.name())
	case len(own) > 0:
		f = f.Hint("docker network connect " + own[0] + " " + c.name())
	default:
		f = f.Hint("docker network create tracing && docker network connect tracing " + c.name() +
			" && docker network connect tracing " + v.self.name())
	}
	return f.Hint(n.flag(c.name(), n.Inside)), true
}

func listNetworks(c *container) string {
	if names := c.networks(); len(names) > 0 {
		return strings.Join(names, ", ")
	}
	return "the default bridge, where names do not resolve"
}
