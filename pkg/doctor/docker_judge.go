package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

const (
	codeDockerUnanswered   Code = "docker-not-asked"
	codeDockerNoJaeger     Code = "docker-no-jaeger"
	codeDockerWell         Code = "docker-well"
	codeDockerUnpublished  Code = "docker-port-not-published"
	codeDockerAsTCP        Code = "docker-port-published-as-tcp"
	codeDockerOtherPort    Code = "docker-port-published-elsewhere"
	codeDockerOtherAddr    Code = "docker-port-on-other-address"
	codeDockerNotRunning   Code = "docker-jaeger-not-running"
	codeDockerTooEarly     Code = "docker-jaeger-before-storage"
	codeDockerNoUDP        Code = "docker-image-without-udp"
	codeDockerNoNetwork    Code = "docker-no-shared-network"
	codeDockerOtherHost    Code = "docker-jaeger-has-other-name"
	codeDockerV1Settings   Code = "docker-v1-settings"
	codeDockerStorageURL   Code = "docker-storage-url"
	codeDockerStorageUnset Code = "docker-storage-unset"
)

// judgeNeed says why the need cannot be met by the engine's containers. It
// returns false when they do not explain it.
func (v *dockerView) judgeNeed(ctx context.Context, t *Target, n need, all []need) (Finding, bool) {
	if v.self != nil {
		return v.judgeInside(n)
	}
	if c := v.named(n.host); c != nil && !n.addr.IsValid() {
		return v.judgeName(c, n)
	}
	if c := v.withAddr(n.addr); c != nil && c.lacks(n) {
		return withoutUDP(c, n), true
	}
	if !v.isHere(ctx, t, n) {
		return Finding{}, false
	}
	c := v.closest(n)
	if c == nil || c.onHostNetwork() && c.up() {
		return Finding{}, false
	}
	if !c.up() {
		return v.notRunning(c), true
	}
	bindings := c.published()
	if c.lacks(n) {
		return withoutUDP(c, n), true
	}
	var missing []binding
	for _, other := range all {
		if other.host != "" && !isPublished(bindings, other) && v.isHere(ctx, t, other) {
			missing = append(missing, other.publishFor())
		}
	}
	return portFinding(c, n, bindings, missing)
}

// portFinding compares what a running container publishes with what is needed.
func portFinding(c *container, n need, bindings, missing []binding) (Finding, bool) {
	if isPublished(bindings, n) {
		return Finding{}, false
	}
	fixed := func(f Finding) (Finding, bool) {
		return replaceWith(f, c, missing, c.Config.Image).hint(missingFlags(missing)), true
	}
	saw := "docker inspect " + c.name() + ": " + listPorts(bindings)
	for _, b := range bindings {
		switch {
		case b.inside != n.inside:
		case b.proto != n.proto && b.port == n.port:
			return fixed(found(StatusFail, codeDockerAsTCP, "%s publishes %d as %s; %s is not published",
				c.label(), n.inside, b.proto, n).saw(saw))
		case b.proto == n.proto && b.port != n.port:
			return fixed(found(StatusFail, codeDockerOtherPort, "%s publishes %s on port %d, the configuration goes to %d",
				c.label(), n, b.port, n.port).saw(saw).hint(n.flag(n.host, b.port)))
		case b.proto == n.proto:
			return fixed(found(StatusFail, codeDockerOtherAddr, "%s publishes %s on %s only, the configuration goes to %s",
				c.label(), n, b.host, n.addr).saw(saw).hint(n.flag(b.host.String(), n.port)))
		}
	}
	return fixed(found(StatusFail, codeDockerUnpublished, "%s publishes %s; %s is not published",
		c.label(), listPorts(bindings), n).saw(saw))
}

func isPublished(bindings []binding, n need) bool {
	return slices.ContainsFunc(bindings, func(b binding) bool {
		return b.inside == n.inside && b.proto == n.proto && b.port == n.port && b.covers(n.addr)
	})
}

// listPorts names each published port once, however many addresses it is on.
func listPorts(bindings []binding) string {
	var names []string
	for _, b := range bindings {
		name := b.own()
		if b.port != b.inside {
			name += fmt.Sprintf(" on %d", b.port)
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
func (v *dockerView) isHere(ctx context.Context, t *Target, n need) bool {
	if v.engine.host != "" {
		return n.host == v.engine.host || n.addr.String() == v.engine.host
	}
	return isOwn(ctx, t, n.addr)
}

// closest is the container that was most likely meant for the need: one that
// publishes the port, else one that runs, else one that has stopped.
func (v *dockerView) closest(n need) *container {
	var best *container
	var most int
	for i := range v.jaegers {
		c := &v.jaegers[i]
		score := 1
		if c.up() {
			score += 4
		}
		for _, b := range c.published() {
			if b.inside == n.inside {
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
func (c *container) lacks(n need) bool {
	return n.proto == "udp" && c.image().lacks(n.inside) && !hasConfig(c.args())
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
func (v *dockerView) judgeName(c *container, n need) (Finding, bool) {
	host := v.engine.host
	if host == "" {
		host = "localhost"
	}
	f := found(StatusFail, codeDockerOtherHost, "%s is a name on Docker's own networks, which does not resolve out here", n.host).
		saw("docker inspect " + c.name() + ": " + listPorts(c.published()))
	for _, b := range c.published() {
		if b.inside == n.inside && b.proto == n.proto {
			return f.hint(n.flag(host, b.port)), true
		}
	}
	return replaceWith(f.hint(n.flag(host, n.port)), c, []binding{n.publishFor()}, c.Config.Image), true
}

// judgeInside is for a process in a container, to which published ports mean
// nothing: it needs a network in common with Jaeger, and Jaeger's name there.
func (v *dockerView) judgeInside(n need) (Finding, bool) {
	c := v.closest(n)
	if c == nil {
		return Finding{}, false
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
		if !n.addr.IsValid() || n.addr.IsLoopback() {
			return found(StatusFail, codeDockerOtherHost, "%s is this container itself or nobody; Jaeger is %s on network %s",
				n.host, c.label(), network).saw(saw).hint(n.flag(c.name(), n.inside)), true
		}
		return Finding{}, false
	}
	f := found(StatusFail, codeDockerNoNetwork, "%s shares no network with this container", c.label()).saw(saw)
	switch own, theirs := v.self.networks(), c.networks(); {
	case len(theirs) > 0:
		f = f.hint("docker network connect " + theirs[0] + " " + v.self.name())
	case len(own) > 0:
		f = f.hint("docker network connect " + own[0] + " " + c.name())
	default:
		f = f.hint("docker network create tracing && docker network connect tracing " + c.name() +
			" && docker network connect tracing " + v.self.name())
	}
	return f.hint(n.flag(c.name(), n.inside)), true
}

func listNetworks(c *container) string {
	if names := c.networks(); len(names) > 0 {
		return strings.Join(names, ", ")
	}
	return "the default bridge, where names do not resolve"
}
