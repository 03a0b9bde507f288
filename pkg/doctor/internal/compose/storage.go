package compose

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// checkStorage checks the address of Jaeger 1's storage. Without its storage Jaeger
// exits, and no port is open.
func (c *check) checkStorage(s *service) {
	if u, ok := s.StorageUnset(); ok && !s.hostNetwork && !s.sharesNetwork {
		c.addUnset(s, &u)
	}
	if s.Image.IsV2() {
		return
	}
	for _, u := range s.StorageURLs() {
		c.checkStorageURL(s, u.Value, c.path, cmp.Or(u.Line, s.line))
	}
}

func (c *check) addUnset(s *service, u *jaegers.UnsetStorage) {
	if s.Opaque() {
		c.gaps = append(c.gaps, gap{
			scope: scope{service: s.name, only: codeStorageUnset}, line: s.line,
			text: "service " + s.name + " gets settings from a file or a shell" + notFollowedHere,
			hint: "docker compose logs " + shell.Quote(s.name),
		})
	}
	setting := func(host string) string { return u.Variable + "=" + u.Address(host) }
	line := cmp.Or(s.LineOf(u.Variable), s.LineOf(jaegers.StorageTypeVariable), s.line)
	f := c.add(codeStorageUnset, probe.HopStorage, line, "", "%s %s", s.name, u.Text)
	f.Evidence, f.need = []string{u.Evidence}, &c.needs[0]
	if o := c.kinds[u.Kind]; o != nil {
		f.Hints = []string{setting(o.name)}
		return
	}
	f.Hints = []string{
		setting(u.Kind) + ", and add a service " + u.Kind + ", which the file lacks",
		fmt.Sprintf("or %s and extra_hosts: [%q], for a storage on this machine", setting(docker.HostName), docker.HostGateway),
	}
}

func (c *check) checkStorageURL(s *service, raw, file string, line int) {
	why, fixed := jaegers.StorageFault(raw, s.hostNetwork)
	if c.storage != nil {
		fixed = strings.Replace(fixed, "//elasticsearch", "//"+c.storage.name, 1)
	}
	host := jaegers.HostIn(raw)
	for _, o := range c.byHostname[host] {
		// What is only a host name resolves in its own container alone.
		if why == "" && o != s && !o.hasName(host) && c.byName[host] == nil {
			why = fmt.Sprintf("has the hostname of service %s, which other services cannot resolve", o.name)
			fixed = strings.Replace(raw, host, o.name, 1)
		}
	}
	if why == "" {
		return
	}
	f := c.add(codeStorageURL, probe.HopStorage, line, jaegers.RedactURLs(fixed),
		"%s's storage URL %s %s", s.name, jaegers.RedactURLs(raw), why)
	f.file, f.need = file, &c.needs[0]
}
