package doctor

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	codeComposeWell         Code = "compose-well"
	codeComposeUnreadable   Code = "compose-unreadable"
	codeComposeInvalid      Code = "compose-invalid"
	codeComposeNoJaeger     Code = "compose-no-jaeger"
	codeComposeNotUDP       Code = "compose-port-not-udp"
	codeComposePort         Code = "compose-port-missing"
	codeComposeNoUDP        Code = "compose-image-without-udp"
	codeComposeStorageURL   Code = "compose-storage-url"
	codeComposeStorageUnset Code = "compose-storage-unset"
	codeComposeNotFollowed  Code = "compose-not-followed"
	codeComposeNoGate       Code = "compose-no-health-gate"
	codeComposeV1Settings   Code = "compose-v1-settings"
	codeComposeReceiver     Code = "compose-receiver-missing"
	codeComposeLoopback     Code = "compose-listens-on-loopback"
	codeComposeAgent        Code = "compose-agent-localhost"
)

// composeFault is something wrong with a compose file, and the line to write
// instead.
type composeFault struct {
	code Code
	hop  Hop
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
	need *need
}

func (f *composeFault) at() string { return fmt.Sprintf("%s:%d", f.file, f.line) }

// composeCheck goes through a file.
type composeCheck struct {
	*composeFile
	needs []need
	// isHere reports whether a need goes to this machine.
	isHere func(need) bool
	// readFile reads a file named in the compose file; the name is relative to it.
	readFile func(name string) ([]byte, error)
	faults   []composeFault
	// at is the service that is looked at.
	at string
}

// add makes a fault of the compose file itself.
func (c *composeCheck) add(code Code, hop Hop, line int, mend, format string, args ...any) *composeFault {
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
		if !s.isJaeger() {
			c.checkApplication(s)
			continue
		}
		// Without its storage Jaeger exits, whatever else is wrong.
		c.checkUnset(s)
		c.checkStorage(s)
		c.checkPorts(s)
		c.checkGate(s)
		if s.jaeger().isV2() {
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

// isJaeger goes by the image. A service that is built goes by its name.
func (s *composeService) isJaeger() bool {
	if s.image != "" {
		return s.jaeger().isJaeger()
	}
	return strings.Contains(s.name, "jaeger")
}

func (f *composeFile) jaegers() []*composeService {
	var found []*composeService
	for i := range f.services {
		if f.services[i].isJaeger() {
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
		if p.proto != "tcp" || p.inside != portCompact && p.inside != portBinary && p.inside != portZipkin ||
			s.publishes(p.port, p.inside, "udp") {
			continue
		}
		right := p.binding
		right.proto = "udp"
		f := c.add(codeComposeNotUDP, HopNetwork, p.line, "- \""+right.String()+"\"",
			"%s publishes %d as TCP, and it is a UDP port", s.name, p.inside)
		f.need = c.needOf(p.inside, "udp")
	}
	for i := range c.needs {
		n := &c.needs[i]
		switch {
		case n.proto == "udp" && s.jaeger().lacks(n.inside) && !hasConfig(s.command) && (c.isHere(*n) || s.answersTo(n.host)):
			f := c.add(codeComposeNoUDP, HopIdentity, s.line, "image: jaegertracing/jaeger:latest",
				"%s listens on no %s: %s has no such port", s.name, n, s.image)
			f.need = n
		case !c.isHere(*n) || s.publishes(n.port, n.inside, n.proto) || c.otherPublishes(s, *n):
		case n.proto == "udp" && s.publishes(n.port, n.inside, "tcp"):
			// Said above.
		default:
			f := c.add(codeComposePort, n.hop, s.portsLine(), "- \""+n.publishFor().String()+"\"",
				"%s does not publish %s, which %s needs", s.name, n, n.at())
			f.need = n
		}
	}
}

// needOf is the configuration's need of a port inside, nil if it has none.
func (c *composeCheck) needOf(inside int, proto string) *need {
	for i := range c.needs {
		if n := &c.needs[i]; n.inside == inside && n.proto == proto {
			return n
		}
	}
	return nil
}

func (s *composeService) publishes(port, inside int, proto string) bool {
	return slices.ContainsFunc(s.ports, func(p composePort) bool {
		return p.port == port && p.inside == inside && p.proto == proto
	})
}

// otherPublishes reports whether another service meets the need, such as one of
// agent, collector and query.
func (c *composeCheck) otherPublishes(s *composeService, n need) bool {
	return slices.ContainsFunc(c.jaegers(), func(o *composeService) bool {
		return o != s && (o.hostNetwork || o.publishes(n.port, n.inside, n.proto))
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
	if s.jaeger().isV2() {
		return
	}
	for _, u := range storageURLs(s.env, s.command) {
		line := u.line
		if line == 0 {
			line = s.line
		}
		c.checkStorageURL(s, u.value, c.path, line)
	}
}

// checkStorageURL is for a URL in any file.
func (c *composeCheck) checkStorageURL(s *composeService, raw, file string, line int) {
	why, mended := storageFault(raw, s.hostNetwork)
	if storage := c.storage(); why != "" && storage != nil {
		mended = strings.Replace(mended, "//elasticsearch", "//"+storage.name, 1)
	}
	host := strings.Trim(urlHost.FindStringSubmatch(raw)[3], "[]")
	for i := range c.services {
		// What is only a host name resolves in its own container alone.
		if o := &c.services[i]; why == "" && o != s && o.hostname == host && !o.answersTo(host) && c.service(host) == nil {
			why = fmt.Sprintf("has the hostname of service %s, which others cannot resolve", o.name)
			mended = strings.Replace(raw, host, o.name, 1)
		}
	}
	if why == "" {
		return
	}
	f := c.add(codeComposeStorageURL, HopStorage, line, redactURLs(mended),
		"%s's storage URL %s %s", s.name, redactURLs(raw), why)
	f.file = file
	// Without its storage, Jaeger 1 and Jaeger 2 exit: no port is open.
	if len(c.needs) > 0 {
		f.need = &c.needs[0]
	}
}

// storage is the service that Jaeger may store in, nil if there is none.
func (f *composeFile) storage() *composeService {
	for i := range f.services {
		if f.services[i].jaeger().isStorage() {
			return &f.services[i]
		}
	}
	return nil
}

// checkGate looks whether Jaeger may start before its storage is ready. It then
// exits, after five seconds or at once.
func (c *composeCheck) checkGate(s *composeService) {
	storage := c.storage()
	uses := len(v1Settings(s.env)) > 0 || hasConfig(s.command) || len(storageURLs(nil, s.command)) > 0
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
	c.add(codeComposeNoGate, HopStorage, line,
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
		switch v.name {
		case "JAEGER_AGENT_HOST":
			if isLoopback(v.value) {
				c.add(codeComposeAgent, HopNetwork, v.line, "JAEGER_AGENT_HOST="+services[0].name,
					"%s sends spans to %s, which is its own container", s.name, v.value)
			}
		case "JAEGER_ENDPOINT":
			m := urlHost.FindStringSubmatch(v.value)
			if host := strings.Trim(m[3], "[]"); isLoopback(host) {
				c.add(codeComposeAgent, HopNetwork, v.line,
					"JAEGER_ENDPOINT="+strings.Replace(redactURLs(v.value), host, services[0].name, 1),
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
