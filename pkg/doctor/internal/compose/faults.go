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
	codeComposeWell         probe.Code = "compose-well"
	codeComposeUnreadable   probe.Code = "compose-unreadable"
	codeComposeInvalid      probe.Code = "compose-invalid"
	codeComposeNoJaeger     probe.Code = "compose-no-jaeger"
	codeComposeNotUDP       probe.Code = "compose-port-not-udp"
	codeComposePort         probe.Code = "compose-port-missing"
	codeComposeNoUDP        probe.Code = "compose-image-without-udp"
	codeComposeStorageURL   probe.Code = "compose-storage-url"
	codeComposeStorageUnset probe.Code = "compose-storage-unset"
	codeComposeNotFollowed  probe.Code = "compose-not-followed"
	codeComposeNoGate       probe.Code = "compose-no-health-gate"
	codeComposeV1Settings   probe.Code = "compose-v1-settings"
	codeComposeReceiver     probe.Code = "compose-receiver-missing"
	codeComposeLoopback     probe.Code = "compose-listens-on-loopback"
	codeComposeAgent        probe.Code = "compose-agent-localhost"
)

// composeFault is something wrong with a compose file, and the line to write
// instead.
type composeFault struct {
	code probe.Code
	hop  probe.Hop
	// file and line are where it is.
	file string
	line int
	fact string
	mend string
	// more is another way to mend it, and saw what else is known of it; both may
	// be empty.
	more, saw string
	// service is the one that is at fault.
	service string
	// need is the configuration's need that is not met because of it; nil when
	// the configuration's spans do not depend on it.
	need *docker.Need
}

func (f *composeFault) At() string { return fmt.Sprintf("%s:%d", f.file, f.line) }

// composeCheck goes through a file.
type composeCheck struct {
	*composeFile
	needs []docker.Need
	// isHere reports whether a need goes to this machine.
	isHere func(docker.Need) bool
	// readFile reads a file named in the compose file; the name is relative to it.
	readFile func(name string) ([]byte, error)
	faults   []composeFault
	// at is the service that is looked at.
	at string
}

// add makes a fault of the compose file itself.
func (c *composeCheck) Add(code probe.Code, hop probe.Hop, line int, mend, format string, args ...any) *composeFault {
	c.faults = append(c.faults, composeFault{
		code: code, hop: hop, service: c.at, file: c.path, line: line, fact: fmt.Sprintf(format, args...), mend: mend,
	})
	return &c.faults[len(c.faults)-1]
}

// run finds all faults, those first that the configuration's spans meet, in the
// order of the file.
func (c *composeCheck) run() []composeFault {
	for i := range c.services {
		s := &c.services[i]
		c.at = s.name
		if !s.IsJaeger() {
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
	slices.SortStableFunc(c.faults, func(a, b composeFault) int {
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

// IsJaeger goes by the image. A service that is built goes by its name.
func (s *composeService) IsJaeger() bool {
	if s.image != "" {
		return s.jaeger().IsJaeger()
	}
	return strings.Contains(s.name, "jaeger")
}

func (f *composeFile) jaegers() []*composeService {
	var found []*composeService
	for i := range f.services {
		if f.services[i].IsJaeger() {
			found = append(found, &f.services[i])
		}
	}
	return found
}

// checkPorts looks for UDP ports published as TCP, and for what is needed from
// outside and not published.
func (c *composeCheck) checkPorts(s *composeService) {
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
		f := c.Add(codeComposeNotUDP, probe.HopNetwork, p.line, "- \""+right.String()+"\"",
			"%s publishes %d as TCP, and it is a UDP port", s.name, p.Inside)
		f.need = c.needOf(p.Inside, "udp")
	}
	for i := range c.needs {
		n := &c.needs[i]
		switch {
		case n.Proto == "udp" && s.jaeger().Lacks(n.Inside) && !jaegers.HasConfig(s.command) && (c.isHere(*n) || s.answersTo(n.Host)):
			f := c.Add(codeComposeNoUDP, probe.HopIdentity, s.line, "image: jaegertracing/jaeger:latest",
				"%s listens on no %s: %s has no such port", s.name, n, s.image)
			f.need = n
		case !c.isHere(*n) || s.publishes(n.Port, n.Inside, n.Proto) || c.otherPublishes(s, *n):
		case n.Proto == "udp" && s.publishes(n.Port, n.Inside, "tcp"):
			// Said above.
		default:
			f := c.Add(codeComposePort, n.Hop, s.portsLine(), "- \""+n.PublishFor().String()+"\"",
				"%s does not publish %s, which %s needs", s.name, n, n.At())
			f.need = n
		}
	}
}

// needOf is the configuration's need of a port inside, nil if it has none.
func (c *composeCheck) needOf(inside int, proto string) *docker.Need {
	for i := range c.needs {
		if n := &c.needs[i]; n.Inside == inside && n.Proto == proto {
			return n
		}
	}
	return nil
}

func (s *composeService) publishes(port, inside int, proto string) bool {
	return slices.ContainsFunc(s.ports, func(p composePort) bool {
		return p.Port == port && p.Inside == inside && p.Proto == proto
	})
}

// otherPublishes reports whether another service meets the need, such as one of
// agent, collector and query.
func (c *composeCheck) otherPublishes(s *composeService, n docker.Need) bool {
	return slices.ContainsFunc(c.jaegers(), func(o *composeService) bool {
		return o != s && (o.hostNetwork || o.publishes(n.Port, n.Inside, n.Proto))
	})
}

func (s *composeService) portsLine() int {
	if len(s.ports) > 0 {
		return s.ports[len(s.ports)-1].line
	}
	return s.line
}

// answersTo reports whether other services reach s by a name.
func (s *composeService) answersTo(name string) bool {
	return s.name == name || slices.Contains(s.aliases, name)
}

// checkStorage looks at the URLs of Elasticsearch that Jaeger 1 is given.
func (c *composeCheck) checkStorage(s *composeService) {
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
func (c *composeCheck) checkStorageURL(s *composeService, raw, file string, line int) {
	why, mended := jaegers.StorageFault(raw, s.hostNetwork)
	if storage := c.storage(); why != "" && storage != nil {
		mended = strings.Replace(mended, "//elasticsearch", "//"+storage.name, 1)
	}
	host := strings.Trim(jaegers.URLHost.FindStringSubmatch(raw)[3], "[]")
	for i := range c.services {
		// What is only a host name resolves in its own container alone.
		if o := &c.services[i]; why == "" && o != s && o.hostname == host && !o.answersTo(host) && c.Service(host) == nil {
			why = fmt.Sprintf("has the hostname of service %s, which others cannot resolve", o.name)
			mended = strings.Replace(raw, host, o.name, 1)
		}
	}
	if why == "" {
		return
	}
	f := c.Add(codeComposeStorageURL, probe.HopStorage, line, jaegers.RedactURLs(mended),
		"%s's storage URL %s %s", s.name, jaegers.RedactURLs(raw), why)
	f.file = file
	// Without its storage, Jaeger 1 and Jaeger 2 exit: no port is open.
	if len(c.needs) > 0 {
		f.need = &c.needs[0]
	}
}

// storage is the service that Jaeger may store in, nil if there is none.
func (f *composeFile) storage() *composeService {
	for i := range f.services {
		if f.services[i].jaeger().IsStorage() {
			return &f.services[i]
		}
	}
	return nil
}

// checkGate looks whether Jaeger may start before its storage is ready. It then
// exits, after five seconds or at once.
func (c *composeCheck) checkGate(s *composeService) {
	storage := c.storage()
	uses := len(jaegers.V1Settings(s.env)) > 0 || jaegers.HasConfig(s.command) || len(jaegers.StorageURLs(nil, s.command)) > 0
	if storage == nil || !uses || s.restart != "" && s.restart != "no" {
		return
	}
	if s.waits[storage.name] == "service_healthy" {
		return
	}
	line := s.line
	if s.waitsLine > 0 {
		line = s.waitsLine
	}
	c.Add(codeComposeNoGate, probe.HopStorage, line,
		"depends_on: {"+storage.name+": {condition: service_healthy}} and restart: on-failure",
		"%s does not wait until %s is ready, and is not restarted", s.name, storage.name)
}

// checkApplication looks where a service that is not Jaeger sends its spans.
func (c *composeCheck) checkApplication(s *composeService) {
	services := c.jaegers()
	if len(services) == 0 || s.hostNetwork || s.sharesNetwork {
		return
	}
	for _, v := range s.env {
		switch v.Name {
		case "JAEGER_AGENT_HOST":
			if probe.IsLoopback(v.Value) {
				c.Add(codeComposeAgent, probe.HopNetwork, v.Line, "JAEGER_AGENT_HOST="+services[0].name,
					"%s sends spans to %s, which is its own container", s.name, v.Value)
			}
		case "JAEGER_ENDPOINT":
			m := jaegers.URLHost.FindStringSubmatch(v.Value)
			if host := strings.Trim(m[3], "[]"); probe.IsLoopback(host) {
				c.Add(codeComposeAgent, probe.HopNetwork, v.Line,
					"JAEGER_ENDPOINT="+strings.Replace(jaegers.RedactURLs(v.Value), host, services[0].name, 1),
					"%s sends spans to %s, which is its own container", s.name, host)
			}
		}
	}
}

// configSource is the file of the configuration that Jaeger 2 is given, as the
// compose file names it; "" when it is not mounted.
func (s *composeService) configSource() string {
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
