package docker

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// The codes of what is found here.
const (
	codeNotListed     probe.Code = "docker-not-asked"
	codeNoJaeger      probe.Code = "docker-no-jaeger"
	codeNoFault       probe.Code = "docker-well"
	CodeNotPublished  probe.Code = "docker-port-not-published"
	codeAsTCP         probe.Code = "docker-port-published-as-tcp"
	codeOtherPort     probe.Code = "docker-port-published-elsewhere"
	codeOtherAddr     probe.Code = "docker-port-on-other-address"
	codeNotRunning    probe.Code = "docker-jaeger-not-running"
	codeBeforeStorage probe.Code = "docker-jaeger-before-storage"
	codeNoUDP         probe.Code = "docker-image-without-udp"
	codeNoNetwork     probe.Code = "docker-no-shared-network"
	codeOtherHost     probe.Code = "docker-jaeger-has-other-name"
	codeV1Settings    probe.Code = "docker-v1-settings"
	codeStorageURL    probe.Code = "docker-storage-url"
	codeStorageUnset  probe.Code = "docker-storage-unset"
)

// judgeNeed returns why the engine's containers cannot meet the need, and false
// if they do not explain it.
func (v *view) judgeNeed(ctx context.Context, t *probe.Target, n Need, all []Need) (probe.Finding, bool) {
	if v.self != nil {
		return v.judgeInside(n)
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
	c := v.closest(n)
	if c == nil || c.onHostNetwork() && c.up() {
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
		if other.Host != "" && !isPublished(bindings, other) && v.isLocal(ctx, t, other) {
			missing = append(missing, c.binding(other))
		}
	}
	return portFinding(c, n, bindings, missing)
}

// portFinding compares what a running container publishes with what is needed.
func portFinding(c *container, n Need, bindings, missing []Binding) (probe.Finding, bool) {
	if isPublished(bindings, n) {
		return probe.Finding{}, false
	}
	fixed := func(f probe.Finding) (probe.Finding, bool) {
		return replaceWith(f, c, missing, c.Config.Image).Hint(missingFlags(missing)), true
	}
	saw := "docker inspect " + c.name() + ": " + listPorts(bindings)
	for _, b := range bindings {
		switch {
		case b.Inside != n.Inside:
		case b.Proto != n.Proto && b.Port == n.Port:
			return fixed(probe.Found(probe.StatusFail, codeAsTCP, "%s publishes %d as %s; %s is not published",
				c.label(), n.Inside, b.Proto, n).Saw(saw))
		case b.Proto == n.Proto && b.Port != n.Port:
			return fixed(probe.Found(probe.StatusFail, codeOtherPort, "%s publishes %s on port %d, but the configuration uses %d",
				c.label(), n, b.Port, n.Port).Saw(saw).Hint(n.flag(n.Host, b.Port)))
		case b.Proto == n.Proto:
			return fixed(probe.Found(probe.StatusFail, codeOtherAddr, "%s publishes %s on %s only, but the configuration uses %s",
				c.label(), n, b.Host, n.Addr).Saw(saw).Hint(n.flag(b.Host.String(), n.Port)))
		}
	}
	return fixed(probe.Found(probe.StatusFail, CodeNotPublished, "%s publishes %s; %s is not published",
		c.label(), listPorts(bindings), n).Saw(saw))
}

func isPublished(bindings []Binding, n Need) bool {
	return slices.ContainsFunc(bindings, func(b Binding) bool {
		return b.Inside == n.Inside && b.Proto == n.Proto && b.Port == n.Port && b.covers(n.Addr)
	})
}

// listPorts names each published port once, however many addresses it is on.
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

// closest is the container that was most likely meant for the need: one that
// publishes the port, else one that runs, else one that has stopped.
func (v *view) closest(n Need) *container {
	var best *container
	var most int
	for i := range v.jaegers {
		c := &v.jaegers[i]
		score := 1
		if c.up() {
			score += 4
		}
		for _, b := range c.published() {
			if b.Inside == n.Inside {
				score += 2
				break
			}
		}
		if isPublished(c.published(), n) {
			score++
		}
		if score > most {
			best, most = c, score
		}
	}
	return best
}

// byAddr is the container that has the address on one of Docker's networks,
// where nothing needs to be published.
func (v *view) byAddr(addr netip.Addr) *container {
	for i := range v.jaegers {
		if c := &v.jaegers[i]; slices.Contains(c.addrs(), addr) {
			return c
		}
	}
	return nil
}

// lacks reports whether the container's program surely does not listen on what
// is needed.
func (c *container) lacks(n Need) bool {
	return n.Proto == "udp" && c.image().Lacks(n.Inside) && !jaegers.HasConfig(c.args())
}

func (v *view) byName(host string) *container {
	for i := range v.jaegers {
		c := &v.jaegers[i]
		if c.name() == host || c.Config.Labels[composeServiceLabel] == host {
			return c
		}
		for _, n := range c.NetworkSettings.Networks {
			if slices.Contains(n.Aliases, host) {
				return c
			}
		}
	}
	return nil
}

// judgeName is for a container's name that does not resolve outside of Docker.
func (v *view) judgeName(c *container, n Need) (probe.Finding, bool) {
	host := v.engine.host
	if host == "" {
		host = "localhost"
	}
	f := probe.Found(probe.StatusFail, codeOtherHost, "%s is a name on Docker's own networks, which does not resolve outside them", n.Host).
		Saw("docker inspect " + c.name() + ": " + listPorts(c.published()))
	for _, b := range c.published() {
		if b.Inside == n.Inside && b.Proto == n.Proto {
			return f.Hint(n.flag(host, b.Port)), true
		}
	}
	return replaceWith(f.Hint(n.flag(host, n.Port)), c, []Binding{c.binding(n)}, c.Config.Image), true
}

// judgeInside is for a process in a container, to which published ports mean
// nothing: it needs a network in common with Jaeger, and Jaeger's name there.
func (v *view) judgeInside(n Need) (probe.Finding, bool) {
	c := v.closest(n)
	if c == nil {
		return probe.Finding{}, false
	}
	if !c.up() {
		return v.notRunning(c), true
	}
	saw := fmt.Sprintf("%s is on %s; this container (%s) is on %s",
		c.name(), listNetworks(c), v.self.name(), listNetworks(v.self))
	for _, network := range c.networks() {
		if !slices.Contains(v.self.networks(), network) {
			continue
		}
		if !n.Addr.IsValid() || n.Addr.IsLoopback() {
			return probe.Found(probe.StatusFail, codeOtherHost, "%s is this container itself or does not resolve; Jaeger is %s on network %s",
				n.Host, c.label(), network).Saw(saw).Hint(n.flag(c.name(), n.Inside)), true
		}
		return probe.Finding{}, false
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
