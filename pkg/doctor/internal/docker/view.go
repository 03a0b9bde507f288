package docker

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// view is the part of an engine that concerns Jaeger.
type view struct {
	engine  *engine
	jaegers []*container
	// storages are the running containers of databases.
	storages []*container
	// self is the container that this process runs in, nil if in none.
	self *container
	// listed is every container.
	listed []listedContainer
}

type listedContainer struct {
	ID     string `json:"Id"`
	Names  []string
	Image  string
	Labels map[string]string
	State  string
	Ports  []struct {
		IP                      netip.Addr
		PrivatePort, PublicPort int
		Type                    string
	}
	HostConfig struct{ NetworkMode string }
}

// isJaeger decides by the image, or by the ports that only Jaeger has.
func (c *listedContainer) isJaeger() bool {
	if jaegers.ImageOf(c.Image, c.Labels).IsJaeger() {
		return true
	}
	for _, p := range c.Ports {
		if p.PrivatePort == jaegers.PortCompact && p.Type == "udp" || strconv.Itoa(p.PrivatePort) == probe.PortUI {
			return true
		}
	}
	return false
}

func readView(ctx context.Context, t *probe.Target, e *engine) (*view, error) {
	var list []listedContainer
	if err := e.get(ctx, "/containers/json?all=1", &list); err != nil {
		return nil, err
	}
	found := &view{engine: e, listed: list}
	self := ownContainerID(t)
	var taken []string
	for _, listed := range list {
		taken = append(taken, listed.Names...)
	}
	for _, listed := range list {
		isSelf := self != "" && strings.HasPrefix(listed.ID, self)
		isStorage := listed.State == "running" && jaegers.ImageOf(listed.Image, nil).IsStorage()
		if !isSelf && !isStorage && !listed.isJaeger() {
			continue
		}
		c := new(container)
		if err := e.get(ctx, "/containers/"+listed.ID+"/json", c); err != nil {
			// It may have been removed since the list was made.
			continue
		}
		switch {
		case isSelf:
			found.self = c
		case isStorage:
			found.storages = append(found.storages, c)
		default:
			var image struct{ Config programConfig }
			// Without it the command line repeats the image's own settings.
			_ = e.get(ctx, "/images/"+c.Image+"/json", &image)
			c.defaults, c.freeName = image.Config, unusedName(c.name(), taken)
			// The engine lists an image by its id when its name leads elsewhere.
			c.tagMoved = listed.Image != c.Config.Image
			c.dependents = dependentsOf(c, &listed, list)
			if !c.up() {
				c.lastLog = e.lastLog(ctx, c.ID)
			}
			found.jaegers = append(found.jaegers, c)
		}
	}
	// The engine's order is by age; people look for names.
	slices.SortFunc(found.jaegers, func(a, b *container) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// dependentsOf returns the containers that use the network of c, or a link to it:
// both stay with the container when it gives up its name.
func dependentsOf(c *container, listed *listedContainer, list []listedContainer) []string {
	var names []string
	for i := range list {
		owner, shares := strings.CutPrefix(list[i].HostConfig.NetworkMode, "container:")
		if shares && (owner == c.ID || owner == c.name() || len(owner) >= shortID && strings.HasPrefix(c.ID, owner)) {
			names = append(names, ownName(list[i].Names))
		}
	}
	// A name of two parts is a link's: of the container that has it, and the alias.
	for _, name := range listed.Names {
		if parent, _, link := strings.Cut(strings.TrimPrefix(name, "/"), "/"); link {
			names = append(names, parent)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func ownName(names []string) string {
	for _, name := range names {
		if name = strings.TrimPrefix(name, "/"); !strings.Contains(name, "/") {
			return name
		}
	}
	return "(no name)"
}

// shortID is the length of an id as the engine shows it.
const shortID = 12

func unusedName(name string, taken []string) string {
	oldName := name + "-old"
	for n := 2; slices.Contains(taken, "/"+oldName); n++ {
		oldName = name + "-old" + strconv.Itoa(n)
	}
	return oldName
}

// ownContainerID returns the start of the id of this process's container, which
// is the container's host name unless it was set; "" outside containers.
func ownContainerID(t *probe.Target) string {
	if !t.InContainer() {
		return ""
	}
	name, err := t.ReadFile("/etc/hostname")
	id := strings.TrimSpace(string(name))
	if err != nil || len(id) != shortID || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

// closest is the container that was most likely meant for the need: one that meets
// another of all needs, else one that publishes the port, else one that runs, else one
// that has stopped.
func (v *view) closest(n Need, all []Need) *container {
	score := func(c *container) int {
		score := 0
		if slices.ContainsFunc(all, func(other Need) bool {
			return other.Met() && (isPublished(c.published(), other) || c.hasAddr(other.Addr))
		}) {
			score += 8
		}
		if c.up() {
			score += 4
		}
		if slices.ContainsFunc(c.published(), func(b Binding) bool { return b.Inside == n.Inside }) {
			score += 2
		}
		if isPublished(c.published(), n) {
			score++
		}
		return score
	}
	return slices.MaxFunc(v.jaegers, func(a, b *container) int { return score(a) - score(b) })
}

// byAddr is the container that has the address on one of Docker's networks,
// where nothing needs to be published.
func (v *view) byAddr(addr netip.Addr) *container {
	return v.find(func(c *container) bool { return c.hasAddr(addr) })
}

func (c *container) hasAddr(addr netip.Addr) bool {
	return c.hasEndpoint(func(e endpoint) bool {
		own, err := netip.ParseAddr(e.IPAddress)
		return err == nil && own == addr
	})
}

// holder returns the running container that publishes the machine's port of b, "" if
// none does.
func (v *view) holder(b Binding) string {
	for i := range v.listed {
		for _, p := range v.listed[i].Ports {
			if (Binding{Host: p.IP, Port: p.PublicPort, Proto: p.Type}).clashes(b) {
				return ownName(v.listed[i].Names)
			}
		}
	}
	return ""
}

func (v *view) byName(host string) *container {
	return v.find(func(c *container) bool {
		return c.name() == host || c.Config.Labels[composeServiceLabel] == host ||
			c.hasEndpoint(func(e endpoint) bool { return slices.Contains(e.Aliases, host) })
	})
}

func (v *view) find(is func(*container) bool) *container {
	if i := slices.IndexFunc(v.jaegers, is); i >= 0 {
		return v.jaegers[i]
	}
	return nil
}

func (c *container) hasEndpoint(is func(endpoint) bool) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(c.NetworkSettings.Networks)), is)
}
