package docker

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

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

// String has the form of docker run's -p, with no address for all of them.
func (b Binding) String() string {
	if b.everywhere() {
		b.Host = netip.Addr{}
	}
	return b.flag()
}

// flag is as -p takes it. Docker publishes on 0.0.0.0 for IPv4 alone, and on [::] for
// IPv6.
func (b Binding) flag() string {
	inside, port := strings.TrimSuffix(b.inContainer(), "/tcp"), ""
	if b.Port != 0 {
		port = strconv.Itoa(b.Port)
	}
	switch {
	case b.Host.IsValid():
		return net.JoinHostPort(b.Host.String(), port) + ":" + inside
	case port != "":
		return port + ":" + inside
	default:
		return inside
	}
}

func texts(bindings []Binding) []string {
	all := make([]string, len(bindings))
	for i, b := range bindings {
		all[i] = b.String()
	}
	return all
}

// inContainer is the container's side, as "6831/udp".
func (b Binding) inContainer() string { return strconv.Itoa(b.Inside) + "/" + b.Proto }

func (b Binding) everywhere() bool { return !b.Host.IsValid() || b.Host.IsUnspecified() }

// clashes reports whether the machine cannot publish both, whatever their containers'
// ports.
func (b Binding) clashes(m Binding) bool {
	return m.Port != 0 && m.Port == b.Port && m.Proto == b.Proto && (m.everywhere() || b.everywhere() || m.Host == b.Host)
}

// conflictsWith reports whether b cannot stay when m is published, or is replaced by m.
func (b Binding) conflictsWith(m Binding) bool {
	if m.Port != b.Port || !m.everywhere() && !b.everywhere() && m.Host != b.Host {
		return false
	}
	return m.Inside == b.Inside || m.Port != 0 && m.Proto == b.Proto
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
		return cmp.Or(a.Inside-b.Inside, strings.Compare(a.String(), b.String()))
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

// binding is PublishFor, on no more addresses than the container's own ports are on:
// a port that is published on single addresses is private.
func (c *container) binding(n Need) Binding {
	wanted := n.PublishFor()
	published := c.HostConfig.PortBindings.bindings()
	private := func(of []Binding) bool { return len(of) > 0 && !slices.ContainsFunc(of, Binding.everywhere) }
	same := slices.DeleteFunc(slices.Clone(published), func(b Binding) bool { return b.Inside != n.Inside })
	if private(published) || private(same) {
		wanted.Host = n.Addr
		if !n.Addr.IsValid() {
			wanted.Host = published[0].Host
		}
	}
	return wanted
}
