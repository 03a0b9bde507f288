package compose

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

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

// fault is something wrong with a compose file, and the line to write
// instead.
type fault struct {
	code probe.Code
	hop  probe.Hop
	// file and line are where it is.
	file string
	line int
	fact string
	fix  string
	// otherFix is another fix, and evidence what else is known of the fault;
	// both may be empty.
	otherFix, evidence string
	// service is the one that is at fault.
	service string
	// need is the configuration's need that is not met because of it; nil when
	// the configuration's spans do not depend on it.
	need *docker.Need
}

func (f *fault) position() string { return fmt.Sprintf("%s:%d", f.file, f.line) }

// check goes through a file.
type check struct {
	*file
	needs []docker.Need
	// isLocal reports whether a need goes to this machine.
	isLocal func(docker.Need) bool
	// readFile reads a file named in the compose file; the name is relative to it.
	readFile func(name string) ([]byte, error)
	faults   []fault
	// current is the service being checked.
	current string
}

// add makes a fault of the compose file itself.
func (c *check) add(code probe.Code, hop probe.Hop, line int, fix, format string, args ...any) *fault {
	c.faults = append(c.faults, fault{
		code: code, hop: hop, service: c.current, file: c.path, line: line, fact: fmt.Sprintf(format, args...), fix: fix,
	})
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
		c.checkUnset(s)
		c.checkStorage(s)
		c.checkPorts(s)
		c.checkGate(s)
		if s.jaeger().IsV2() {
			c.checkV2(s)
		}
	}
	slices.SortStableFunc(c.faults, func(a, b fault) int {
		switch {
		case (a.need != nil) == (b.need != nil):
			return 0
		case a.need != nil:
			return -1
		default:
			return 1
		}
	})
	return c.faults
}

// isJaeger goes by the image. A service that is built goes by its name.
func (s *service) isJaeger() bool {
	if s.image != "" {
		return s.jaeger().IsJaeger()
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
		if p.Proto != "tcp" || p.Inside != jaegers.PortCompact && p.Inside != jaegers.PortBinary && p.Inside != jaegers.PortZipkin ||
			s.publishes(p.Port, p.Inside, "udp") {
			continue
		}
		right := p.Binding
		right.Proto = "udp"
		f := c.add(codeNotUDP, probe.HopNetwork, p.line, "- \""+right.String()+"\"",
			"%s publishes %d over TCP, but it is a UDP port", s.name, p.Inside)
		f.need = c.needOf(p.Inside, "udp")
	}
	for i := range c.needs {
		n := &c.needs[i]
		switch {
		case n.Proto == "udp" && s.jaeger().Lacks(n.Inside) && !jaegers.HasConfig(s.command) && (c.isLocal(*n) || s.hasName(n.Host)):
			f := c.add(codeNoUDP, probe.HopIdentity, s.line, "image: jaegertracing/jaeger:latest",
				"%s does not listen on %s: %s has no such port", s.name, n, s.image)
			f.need = n
		case !c.isLocal(*n) || s.publishes(n.Port, n.Inside, n.Proto) || c.otherPublishes(s, *n):
		case n.Proto == "udp" && s.publishes(n.Port, n.Inside, "tcp"):
			// Said above.
		default:
			f := c.add(codePortMissing, n.Hop, s.portsLine(), "- \""+n.PublishFor().String()+"\"",
				"%s does not publish %s, which is needed to reach %s", s.name, n, n.At())
			f.need = n
		}
	}
}

// needOf is the configuration's need of a port inside, nil if it has none.
func (c *check) needOf(inside int, proto string) *docker.Need {
	for i := range c.needs {
		if n := &c.needs[i]; n.Inside == inside && n.Proto == proto {
			return n
		}
	}
	return nil
}

func (s *service) publishes(port, inside int, proto string) bool {
	return slices.ContainsFunc(s.ports, func(p publishedPort) bool {
		return p.Port == port && p.Inside == inside && p.Proto == proto
	})
}

// otherPublishes reports whether another service meets the need, such as one of
// agent, collector and query.
func (c *check) otherPublishes(s *service, n docker.Need) bool {
	other := func(o *service) bool { return o != s }
	index := c.found()
	return slices.ContainsFunc(index.hostNetwork, other) ||
		slices.ContainsFunc(index.publishers[docker.Binding{Port: n.Port, Inside: n.Inside, Proto: n.Proto}], other)
}

func (s *service) portsLine() int {
	if len(s.ports) > 0 {
		return s.ports[len(s.ports)-1].line
	}
	return s.line
}

// hasName reports whether other services reach s by a name.
func (s *service) hasName(name string) bool {
	return s.name == name || slices.Contains(s.aliases, name)
}

// checkStorage checks the Elasticsearch URLs of Jaeger 1.
func (c *check) checkStorage(s *service) {
	if s.jaeger().IsV2() {
		return
	}
	for _, u := range jaegers.StorageURLs(s.env, s.command) {
		line := u.Line
		if line == 0 {
			line = s.line
		}
		c.checkStorageURL(s, u.Value, c.path, line)
	}
}

// checkStorageURL is for a URL in any file.
func (c *check) checkStorageURL(s *service, raw, file string, line int) {
	why, fixed := jaegers.StorageFault(raw, s.hostNetwork)
	if storage := c.storage(); why != "" && storage != nil {
		fixed = strings.Replace(fixed, "//elasticsearch", "//"+storage.name, 1)
	}
	host := strings.Trim(jaegers.URLHost.FindStringSubmatch(raw)[3], "[]")
	for _, o := range c.found().byHostname[host] {
		// What is only a host name resolves in its own container alone.
		if why == "" && o != s && !o.hasName(host) && c.service(host) == nil {
			why = fmt.Sprintf("has the hostname of service %s, which other services cannot resolve", o.name)
			fixed = strings.Replace(raw, host, o.name, 1)
		}
	}
	if why == "" {
		return
	}
	f := c.add(codeStorageURL, probe.HopStorage, line, jaegers.RedactURLs(fixed),
		"%s's storage URL %s %s", s.name, jaegers.RedactURLs(raw), why)
	f.file = file
	// Without its storage, Jaeger 1 and Jaeger 2 exit: no port is open.
	if len(c.needs) > 0 {
		f.need = &c.needs[0]
	}
}

// checkGate looks whether Jaeger may start before its storage is ready. It then
// exits, after five seconds or at once.
func (c *check) checkGate(s *service) {
	storage := c.storage()
	uses := len(jaegers.V1Settings(s.env)) > 0 || jaegers.HasConfig(s.command) || len(jaegers.StorageURLs(nil, s.command)) > 0
	if storage == nil || !uses || s.restart != "" && s.restart != "no" {
		return
	}
	if s.dependsOn[storage.name] == "service_healthy" {
		return
	}
	line := s.line
	if s.dependsOnLine > 0 {
		line = s.dependsOnLine
	}
	c.add(codeNoHealthGate, probe.HopStorage, line,
		"depends_on: {"+storage.name+": {condition: service_healthy}} and restart: on-failure",
		"%s does not wait until %s is ready, and is not restarted", s.name, storage.name)
}

// checkApplication looks where a service that is not Jaeger sends its spans.
func (c *check) checkApplication(s *service) {
	services := c.jaegers()
	if len(services) == 0 || s.hostNetwork || s.sharesNetwork {
		return
	}
	for _, v := range s.env {
		switch v.Name {
		case "JAEGER_AGENT_HOST":
			if probe.IsLoopback(v.Value) {
				c.add(codeAgentLocalhost, probe.HopNetwork, v.Line, "JAEGER_AGENT_HOST="+services[0].name,
					"%s sends spans to %s, which is its own container", s.name, v.Value)
			}
		case "JAEGER_ENDPOINT":
			m := jaegers.URLHost.FindStringSubmatch(v.Value)
			if host := strings.Trim(m[3], "[]"); probe.IsLoopback(host) {
				c.add(codeAgentLocalhost, probe.HopNetwork, v.Line,
					"JAEGER_ENDPOINT="+strings.Replace(jaegers.RedactURLs(v.Value), host, services[0].name, 1),
					"%s sends spans to %s, which is its own container", s.name, host)
			}
		}
	}
}

// configSource is the file of the configuration that Jaeger 2 is given, as the
// compose file names it; "" when it is not mounted.
func (s *service) configSource() string {
	for i, arg := range s.command {
		flag, value, ok := strings.Cut(arg, "=")
		if strings.TrimLeft(flag, "-") != "config" {
			continue
		}
		if !ok && i+1 < len(s.command) {
			value = s.command[i+1]
		}
		for target, source := range s.files {
			if rest, inside := strings.CutPrefix(value, target); inside && source != "" {
				return path.Join(source, rest)
			}
		}
	}
	return ""
}

// portText is a port as in an endpoint.
func portText(port int) string { return ":" + strconv.Itoa(port) }
