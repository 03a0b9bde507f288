package compose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeNoFault         probe.Code = "compose-well"
	codeUnreadable      probe.Code = "compose-unreadable"
	codeInvalid         probe.Code = "compose-invalid"
	codeNoJaeger        probe.Code = "compose-no-jaeger"
	codeNotUDP          probe.Code = "compose-port-not-udp"
	codePortMissing     probe.Code = "compose-port-missing"
	codeNoUDP           probe.Code = "compose-image-without-udp"
	codeStorageURL      probe.Code = "compose-storage-url"
	codeStorageUnset    probe.Code = "compose-storage-unset"
	codeNotFollowed     probe.Code = "compose-not-followed"
	codeNoHealthGate    probe.Code = "compose-no-health-gate"
	codeV1Settings      probe.Code = "compose-v1-settings"
	codeReceiverMissing probe.Code = "compose-receiver-missing"
	codeLoopback        probe.Code = "compose-listens-on-loopback"
	codeAgentLocalhost  probe.Code = "compose-agent-localhost"
)

// fault is something wrong with a compose file; its hints are the lines to write
// instead.
type fault struct {
	probe.Finding
	// file and line are where it is.
	file string
	line int
	// service is the one that is at fault.
	service string
	// need is the configuration's need that is not met because of it; nil when
	// the configuration's spans do not depend on it.
	need *docker.Need
}

func (f *fault) position() string { return fmt.Sprintf("%s:%d", f.file, f.line) }

type check struct {
	*file
	*index
	// needs are those of docker.Needs: first that for spans.
	needs []docker.Need
	// isLocal reports whether a need goes to this machine.
	isLocal func(docker.Need) bool
	// readFile reads a file named in the compose file; the name is relative to it.
	readFile func(name string) ([]byte, error)
	faults   []fault
	// current is the service being checked.
	current string
}

func (c *check) add(code probe.Code, hop probe.Hop, line int, fix, format string, args ...any) *fault {
	f := probe.Found(probe.StatusWarn, code, format, args...).AtHop(hop).Hint(fix)
	c.faults = append(c.faults, fault{Finding: f, file: c.path, line: line, service: c.current})
	return &c.faults[len(c.faults)-1]
}

// run finds all faults, those first that the configuration's spans meet, in the
// order of the file.
func (c *check) run() []fault {
	for i := range c.services {
		s := &c.services[i]
		c.current = s.name
		if !s.isJaeger() {
			c.checkApplication(s)
			continue
		}
		// Without its storage Jaeger exits, whatever else is wrong.
		c.checkStorage(s)
		c.checkPorts(s)
		c.checkGate(s)
		if s.Image.IsV2() {
			c.checkV2(s)
		}
	}
	var first, others []fault
	for _, f := range c.faults {
		if f.need != nil {
			first = append(first, f)
		} else {
			others = append(others, f)
		}
	}
	return append(first, others...)
}

// isJaeger goes by the image. A service that is built goes by its name.
func (s *service) isJaeger() bool {
	if s.Image.Name != "" {
		return s.Image.IsJaeger()
	}
	return strings.Contains(s.name, "jaeger")
}

// checkPorts looks for UDP ports published as TCP, and for what is needed from
// outside and not published.
func (c *check) checkPorts(s *service) {
	if s.hostNetwork {
		return
	}
	for _, p := range s.ports {
		right := p.Binding
		right.Proto = "udp"
		isUDP := slices.Contains([]int{jaegers.PortCompact, jaegers.PortBinary, jaegers.PortZipkin}, p.Inside)
		if p.Proto != "tcp" || !isUDP || s.publishes(right) {
			continue
		}
		f := c.add(codeNotUDP, probe.HopNetwork, p.line, "- \""+right.String()+"\"",
			"%s publishes %d over TCP, but it is a UDP port", s.name, p.Inside)
		f.need = c.needOf(right)
	}
	for i := range c.needs {
		n := &c.needs[i]
		wanted := n.PublishFor()
		asTCP := wanted
		asTCP.Proto = "tcp"
		switch {
		case n.Proto == "udp" && s.Image.Lacks(n.Inside) && !s.HasConfig() && (c.isLocal(*n) || s.hasName(n.Host)):
			c.add(codeNoUDP, probe.HopIdentity, s.line, "image: jaegertracing/jaeger:latest",
				"%s does not listen on %s: %s has no such port", s.name, n, s.Image.Name).need = n
		case !c.isLocal(*n), c.hostNetwork, c.published[wanted]:
			// Maybe by another service, such as one of agent, collector and query.
		case n.Proto == "udp" && s.publishes(asTCP):
			// Said above.
		default:
			c.add(codePortMissing, n.Hop, s.portsLine(), "- \""+wanted.String()+"\"",
				"%s does not publish %s, which is needed to reach %s", s.name, n, n.At()).need = n
		}
	}
}

// needOf is the configuration's need of what is published, nil if it has none.
func (c *check) needOf(b docker.Binding) *docker.Need {
	for i := range c.needs {
		if n := &c.needs[i]; n.Inside == b.Inside && n.Proto == b.Proto {
			return n
		}
	}
	return nil
}

func (s *service) publishes(b docker.Binding) bool {
	b.Host = netip.Addr{}
	return slices.ContainsFunc(s.ports, func(p publishedPort) bool { return p.anywhere() == b })
}

func (s *service) portsLine() int {
	if len(s.ports) > 0 {
		return s.ports[len(s.ports)-1].line
	}
	return s.line
}

func (s *service) hasName(name string) bool {
	return s.name == name || slices.Contains(s.aliases, name)
}

// checkGate looks whether Jaeger may start before its storage is ready. It then
// exits, after five seconds or at once.
func (c *check) checkGate(s *service) {
	uses := len(s.V1Settings()) > 0 || s.HasConfig() || len(s.StorageURLs()) > 0
	if c.storage == nil || !uses || s.restart != "" && s.restart != "no" || s.dependsOn[c.storage.name] == "service_healthy" {
		return
	}
	c.add(codeNoHealthGate, probe.HopStorage, cmp.Or(s.dependsOnLine, s.line),
		"depends_on: {"+c.storage.name+": {condition: service_healthy}} and restart: on-failure",
		"%s does not wait until %s is ready, and is not restarted", s.name, c.storage.name)
}

func (c *check) checkApplication(s *service) {
	if len(c.jaegers) == 0 || s.hostNetwork || s.sharesNetwork {
		return
	}
	for _, v := range s.Env {
		host := v.Value
		switch v.Name {
		case "JAEGER_AGENT_HOST":
		case "JAEGER_ENDPOINT":
			host = jaegers.HostIn(v.Value)
		default:
			continue
		}
		if hosts.IsLoopback(host) {
			fixed := strings.Replace(jaegers.RedactURLs(v.Value), host, c.jaegers[0].name, 1)
			c.add(codeAgentLocalhost, probe.HopNetwork, v.Line, v.Name+"="+fixed, "%s sends spans to %s, which is its own container", s.name, host)
		}
	}
}
