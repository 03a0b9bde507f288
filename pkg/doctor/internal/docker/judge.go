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
	codeDockerUnanswered   probe.Code = "docker-not-asked"
	codeDockerNoJaeger     probe.Code = "docker-no-jaeger"
	codeDockerWell         probe.Code = "docker-well"
	CodeDockerUnpublished  probe.Code = "docker-port-not-published"
	codeDockerAsTCP        probe.Code = "docker-port-published-as-tcp"
	codeDockerOtherPort    probe.Code = "docker-port-published-elsewhere"
	codeDockerOtherAddr    probe.Code = "docker-port-on-other-address"
	codeDockerNotRunning   probe.Code = "docker-jaeger-not-running"
	codeDockerTooEarly     probe.Code = "docker-jaeger-before-storage"
	codeDockerNoUDP        probe.Code = "docker-image-without-udp"
	codeDockerNoNetwork    probe.Code = "docker-no-shared-network"
	codeDockerOtherHost    probe.Code = "docker-jaeger-has-other-name"
	codeDockerV1Settings   probe.Code = "docker-v1-settings"
	codeDockerStorageURL   probe.Code = "docker-storage-url"
	codeDockerStorageUnset probe.Code = "docker-storage-unset"
)

// judgeNeed says why the need cannot be met by the engine's containers. It
// returns false when they do not explain it.
func (v *dockerView) judgeNeed(ctx context.Context, t *probe.Target, n Need, all []Need) (probe.Finding, bool) {
	if v.self != nil {
		return v.judgeInside(n)
	}
	if c := v.named(n.Host); c != nil && !n.Addr.IsValid() {
		return v.judgeName(c, n)
	}
	if c := v.withAddr(n.Addr); c != nil && c.Lacks(n) {
		return withoutUDP(c, n), true
	}
	if !v.isHere(ctx, t, n) {
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
	if c.Lacks(n) {
		return withoutUDP(c, n), true
	}
	var missing []Binding
	for _, other := range all {
		if other.Host != "" && !isPublished(bindings, other) && v.isHere(ctx, t, other) {
			missing = append(missing, other.PublishFor())
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
			return fixed(probe.Found(probe.StatusFail, codeDockerAsTCP, "%s publishes %d as %s; %s is not published",
				c.label(), n.Inside, b.Proto, n).Saw(saw))
		case b.Proto == n.Proto && b.Port != n.Port:
			return fixed(probe.Found(probe.StatusFail, codeDockerOtherPort, "%s publishes %s on port %d, the configuration goes to %d",
				c.label(), n, b.Port, n.Port).Saw(saw).Hint(n.flag(n.Host, b.Port)))
		case b.Proto == n.Proto:
			return fixed(probe.Found(probe.StatusFail, codeDockerOtherAddr, "%s publishes %s on %s only, the configuration goes to %s",
				c.label(), n, b.Host, n.Addr).Saw(saw).Hint(n.flag(b.Host.String(), n.Port)))
		}
	}
	return fixed(probe.Found(probe.StatusFail, CodeDockerUnpublished, "%s publishes %s; %s is not published",
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
		name := b.own()
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

// isHere reports whether the need goes to where the engine publishes ports.
func (v *dockerView) isHere(ctx context.Context, t *probe.Target, n Need) bool {
	if v.engine.host != "" {
		return n.Host == v.engine.host || n.Addr.String() == v.engine.host
	}
	return probe.IsOwn(ctx, t, n.Addr)
}

// closest is the container that was most likely meant for the need: one that
// publishes the port, else one that runs, else one that has stopped.
func (v *dockerView) closest(n Need) *container {
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

// withAddr is the container that has the address on one of Docker's networks,
// where nothing needs to be published.
func (v *dockerView) withAddr(addr netip.Addr) *container {
	for i := range v.jaegers {
		if c := &v.jaegers[i]; slices.Contains(c.addrs(), addr) {
			return c
		}
	}
	return nil
}

// lacks reports whether the container's program surely does not listen on what
// is needed.
func (c *container) Lacks(n Need) bool {
	return n.Proto == "udp" && c.image().Lacks(n.Inside) && !jaegers.HasConfig(c.args())
}

func (v *dockerView) named(host string) *container {
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
func (v *dockerView) judgeName(c *container, n Need) (probe.Finding, bool) {
	host := v.engine.host
	if host == "" {
		host = "localhost"
	}
	f := probe.Found(probe.StatusFail, codeDockerOtherHost, "%s is a name on Docker's own networks, which does not resolve out here", n.Host).
		Saw("docker inspect " + c.name() + ": " + listPorts(c.published()))
	for _, b := range c.published() {
		if b.Inside == n.Inside && b.Proto == n.Proto {
			return f.Hint(n.flag(host, b.Port)), true
		}
	}
	return replaceWith(f.Hint(n.flag(host, n.Port)), c, []Binding{n.PublishFor()}, c.Config.Image), true
}

// judgeInside is for a process in a container, to which published ports mean
// nothing: it needs a network in common with Jaeger, and Jaeger's name there.
func (v *dockerView) judgeInside(n Need) (probe.Finding, bool) {
	c := v.closest(n)
	if c == nil {
		return probe.Finding{}, false
	}
	if !c.up() {
		return v.notRunning(c), true
	}
	saw := fmt.Sprintf("%s is on %s, this one (%s) on %s",
		c.name(), listNetworks(c), v.self.name(), listNetworks(v.self))
	for _, network := range c.networks() {
		if !slices.Contains(v.self.networks(), network) {
			continue
		}
		if !n.Addr.IsValid() || n.Addr.IsLoopback() {
			return probe.Found(probe.StatusFail, codeDockerOtherHost, "%s is this container itself or nobody; Jaeger is %s on network %s",
				n.Host, c.label(), network).Saw(saw).Hint(n.flag(c.name(), n.Inside)), true
		}
		return probe.Finding{}, false
	}
	f := probe.Found(probe.StatusFail, codeDockerNoNetwork, "%s shares no network with this container", c.label()).Saw(saw)
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
