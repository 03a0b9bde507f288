package compose

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// checkUnset looks for a storage without an address. Without its storage Jaeger
// exits, and no port is open.
func (c *check) checkUnset(s *service) {
	u, ok := jaegers.StorageUnset(s.jaeger(), s.env, s.command)
	if !ok || s.hostNetwork || s.sharesNetwork {
		return
	}
	if jaegers.Opaque(s.command) {
		c.gaps = append(c.gaps, gap{
			line: s.line, text: "service " + s.name + " gets settings from a file or a shell" + notFollowedHere,
			service: s.name, only: codeStorageUnset, hint: "docker compose logs " + docker.ShellQuote(s.name),
		})
	}
	line := lineIn(s.env, s.line, u.Variable, jaegers.StorageTypeVariable)
	host, missing := u.Kind, true
	if o := c.found().kinds[u.Kind]; o != nil {
		host, missing = o.name, false
	}
	f := c.add(codeStorageUnset, probe.HopStorage, line, u.Variable+"="+u.Address(host), "%s %s", s.name, &u)
	f.evidence = u.Evidence()
	if missing {
		f.fix += ", and add a service " + host + ", which the file lacks"
		f.otherFix = fmt.Sprintf("%s=%s and extra_hosts: [%q], for a storage on this machine",
			u.Variable, u.Address(docker.HostName), docker.HostGateway)
	}
	if len(c.needs) > 0 {
		f.need = &c.needs[0]
	}
}

// lineIn is the line of the first variable that is there, else that of its
// service.
func lineIn(env []jaegers.Variable, service int, names ...string) int {
	for _, name := range names {
		if v := jaegers.SettingAt(env, nil, name); v.Line > 0 {
			return v.Line
		}
	}
	return service
}
