package docker

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// storageUnset is jaegers.StorageUnset for a container, with the address that would do.
func (v *view) storageUnset(c *container) (u jaegers.UnsetStorage, f func(probe.Finding) probe.Finding, ok bool) {
	u, ok = jaegers.StorageUnset(c.image(), c.env(), c.args())
	if !ok || jaegers.Opaque(c.args()) || c.onHostNetwork() || strings.HasPrefix(c.HostConfig.NetworkMode, "container:") {
		return u, nil, false
	}
	fixed := *c
	host := HostName
	for i := range v.storages {
		s := &v.storages[i]
		shared := slices.ContainsFunc(s.networks(), func(n string) bool { return slices.Contains(c.networks(), n) })
		if s.image().IsKind(u.Kind) && shared {
			host = s.name()
		}
	}
	if host == HostName && !slices.Contains(c.HostConfig.ExtraHosts, HostGateway) {
		fixed.HostConfig.ExtraHosts = append(slices.Clone(c.HostConfig.ExtraHosts), HostGateway)
	}
	return u, func(f probe.Finding) probe.Finding {
		return withStorage(f.Saw(u.Evidence()), &fixed, u.Variable, u.Address(host))
	}, true
}

// Binding is a published port.
type Binding struct {
	// Host is the address of the machine that it is published on; not valid is
	// all of them.
	Host netip.Addr
	// Port is the machine's; 0 lets the engine choose.
	Port int
	// Inside is the container's own port.
	Inside int
	Proto  string
}

// String has the form of docker run's -p.
func (b Binding) String() string {
	var s strings.Builder
	if b.Host.IsValid() && !b.Host.IsUnspecified() {
		if b.Host.Is6() {
			s.WriteString("[" + b.Host.String() + "]:")
		} else {
			s.WriteString(b.Host.String() + ":")
		}
	}
	if b.Port != 0 {
		s.WriteString(strconv.Itoa(b.Port) + ":")
	} else if s.Len() > 0 {
		s.WriteString(":")
	}
	s.WriteString(strconv.Itoa(b.Inside))
	if b.Proto != "tcp" {
		s.WriteString("/" + b.Proto)
	}
	return s.String()
}

// flag is as -p takes it. Docker publishes on 0.0.0.0 for IPv4 alone, and on [::] for
// IPv6.
func (b Binding) flag() string {
	if !b.Host.IsValid() || !b.Host.IsUnspecified() {
		return b.String()
	}
	host, port := b.Host.String(), ""
	if b.Host.Is6() {
		host = "[" + host + "]"
	}
	if b.Port == 0 {
		port = ":"
	}
	b.Host = netip.Addr{}
	return host + ":" + port + b.String()
}

// own is the container's side, as "6831/udp".
func (b Binding) inContainer() string { return strconv.Itoa(b.Inside) + "/" + b.Proto }

// covers reports whether what is sent to addr meets the binding.
func (b Binding) covers(addr netip.Addr) bool {
	return !b.Host.IsValid() || b.Host.IsUnspecified() || b.Host == addr
}

// portMap is a map of ports in the engine's JSON, with keys as "6831/udp".
type portMap map[string][]struct{ HostIP, HostPort string }

func (m portMap) bindings() []Binding {
	var all []Binding
	for key, hosts := range m {
		number, proto, _ := strings.Cut(key, "/")
		inside, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		for _, h := range hosts {
			// Not valid and 0 mean what they mean to the engine.
			addr, _ := netip.ParseAddr(h.HostIP)
			port, _ := strconv.Atoi(h.HostPort)
			all = append(all, Binding{addr, port, inside, proto})
		}
	}
	slices.SortFunc(all, func(a, b Binding) int {
		if a.Inside != b.Inside {
			return a.Inside - b.Inside
		}
		return strings.Compare(a.String(), b.String())
	})
	return all
}

// ranges returns the ports that the engine chose from a range, such as
// -p 8000-8010:16686, which bindings does not repeat.
func (m portMap) ranges() []string {
	var all []string
	for key, hosts := range m {
		for _, h := range hosts {
			if strings.Contains(h.HostPort, "-") {
				all = append(all, "-p "+h.HostPort+":"+key+", a range of ports")
			}
		}
	}
	return all
}

// listedContainer is a container in the engine's list.
type listedContainer struct {
	ID     string `json:"Id"`
	Names  []string
	Image  string
	Labels map[string]string
	State  string
	Ports  []struct {
		PrivatePort int
		Type        string
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

// container is the engine's description of one container.
type container struct {
	ID    string `json:"Id"`
	Name  string
	Image string // the image's own id
	State struct {
		Status                string
		Running               bool
		OOMKilled             bool
		ExitCode              int
		Error                 string
		StartedAt, FinishedAt time.Time
	}
	RestartCount    int
	HostConfig      hostConfig
	Config          containerConfig
	Mounts          []struct{ Type, Name, Destination string }
	NetworkSettings struct {
		Ports    portMap
		Networks map[string]endpoint
	}

	// defaults is what the image brings.
	defaults imageDefaults
	// newStorage, unless its name is empty, is the storage of the next
	// container.
	newStorage jaegers.Variable
	// dependents are the containers that lose their connection when it stops.
	dependents []string
	// freeName is a name that no container has, for this one once it is
	// replaced.
	freeName string
	// lastLog is the last line of what a container printed that does not run.
	lastLog string
}

// endpoint is a container's part of a network.
type endpoint struct {
	IPAddress  string
	Aliases    []string
	Links      []string
	IPAMConfig *struct {
		IPv4Address, IPv6Address string
		LinkLocalIPs             []string
	}
	DriverOpts map[string]string
}

func (c *container) name() string { return strings.TrimPrefix(c.Name, "/") }

func (c *container) image() jaegers.Image {
	return jaegers.ImageOf(c.Config.Image, c.Config.Labels)
}

func (c *container) onHostNetwork() bool { return c.HostConfig.NetworkMode == "host" }

// label names the container and its image for people.
func (c *container) label() string { return "container " + c.name() + " (" + c.Config.Image + ")" }

// up reports whether the container's ports can be open. One that keeps being
// restarted is not up, whatever it is at the moment.
func (c *container) up() bool { return c.State.Status == "running" }

// published is what the container publishes, or would if it ran.
func (c *container) published() []Binding {
	if c.up() {
		return c.NetworkSettings.Ports.bindings()
	}
	return c.HostConfig.PortBindings.bindings()
}

func (c *container) env() []jaegers.Variable {
	var env []jaegers.Variable
	for _, kv := range c.Config.Env {
		name, value, _ := strings.Cut(kv, "=")
		env = append(env, jaegers.Variable{Name: name, Value: value})
	}
	return env
}

// args are the arguments of the program, wherever they are from.
func (c *container) args() []string { return slices.Concat(c.Config.Entrypoint, c.Config.Cmd) }

// addrs are the container's own addresses.
func (c *container) addrs() []netip.Addr {
	var all []netip.Addr
	for _, n := range c.NetworkSettings.Networks {
		if addr, err := netip.ParseAddr(n.IPAddress); err == nil {
			all = append(all, addr)
		}
	}
	return all
}

// networks returns the networks on which containers can resolve each other's
// names, which the default bridge is not.
func (c *container) networks() []string {
	var names []string
	for name := range c.NetworkSettings.Networks {
		if name != "bridge" && name != "host" && name != "none" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// view is the part of an engine that concerns Jaeger.
type view struct {
	engine  *engine
	jaegers []container
	// storages are the running containers of databases.
	storages []container
	// self is the container that this process runs in, nil if in none.
	self *container
}

// readView reads from the engine every container that may be Jaeger's.
func readView(ctx context.Context, t *probe.Target, e *engine) (*view, error) {
	var list []listedContainer
	if err := e.get(ctx, "/containers/json?all=1", &list); err != nil {
		return nil, err
	}
	found := &view{engine: e}
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
		var c container
		if err := e.get(ctx, "/containers/"+listed.ID+"/json", &c); err != nil {
			// It may have been removed since the list was made.
			continue
		}
		switch {
		case isSelf:
			found.self = &c
		case isStorage:
			found.storages = append(found.storages, c)
		default:
			var image struct{ Config imageDefaults }
			// Without it the command line repeats the image's own settings.
			_ = e.get(ctx, "/images/"+c.Image+"/json", &image)
			c.defaults, c.freeName = image.Config, unusedName(c.name(), taken)
			c.dependents = dependentsOf(&c, &listed, list)
			if !c.up() {
				c.lastLog = e.lastLog(ctx, c.ID)
			}
			found.jaegers = append(found.jaegers, c)
		}
	}
	// The engine's order is by age; people look for names.
	slices.SortFunc(found.jaegers, func(a, b container) int { return strings.Compare(a.Name, b.Name) })
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

// ownName is a container's name without those that links give it.
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

// unusedName is a name for a container that gives up its own.
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
