package docker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/plural"
)

// startRace is how long after the start of its storage a Jaeger may have given
// up for the two to be related: Elasticsearch needs up to a minute.
const startRace = 2 * time.Minute

// HostGateway is the name of the machine in a container, and the flag and the key
// that make it one on Linux.
const (
	HostName    = "host.docker.internal"
	HostGateway = HostName + ":host-gateway"
)

// exitTerminated is the exit code of what a SIGTERM ended, such as docker stop's.
const exitTerminated = 128 + 15

func (v *view) notRunning(c *container) probe.Finding {
	s := &c.State
	name := shell.Quote(c.name())
	fact := c.label() + " is " + s.Status
	switch {
	case s.OOMKilled:
		fact = c.label() + " was killed because it ran out of memory"
	case s.Status == "exited", s.Status == "restarting":
		fact = fmt.Sprintf("%s exited with code %d", c.label(), s.ExitCode)
		if s.FinishedAt.After(s.StartedAt) {
			fact += fmt.Sprintf(" %s after its start", probe.RoundTime(s.FinishedAt.Sub(s.StartedAt)))
		}
	}
	f := probe.Found(probe.StatusFail, codeNotRunning, "%s", fact)
	if c.lastLog != "" {
		f = f.Saw("last log line: " + logExcerpt(c.lastLog))
	}
	if s.Error != "" {
		f = f.Saw("Docker's error: " + s.Error)
	}
	if c.RestartCount > 0 {
		f = f.Saw("restarted " + plural.Of(c.RestartCount, "time", "times"))
	}
	if s.Status == "paused" {
		return f.Hint("docker unpause " + name)
	}
	if faulty, ok := v.withStorageFault(f, c, ": it"); ok {
		return faulty.Hint("docker logs --tail 50 " + name)
	}
	if storage := v.startedLate(c); storage != nil {
		f.Code = codeBeforeStorage
		f.Fact += fmt.Sprintf(", before its storage (container %s) was ready", storage.name())
		f = f.Saw(fmt.Sprintf("%s started %s after Jaeger", storage.name(),
			probe.RoundTime(storage.State.StartedAt.Sub(s.StartedAt))))
		return f.Hint("docker update --restart on-failure " + name + " && docker start " + name)
	}
	hints := []string{"docker start " + name, "docker logs --tail 50 " + name}
	if s.ExitCode != 0 && s.ExitCode != exitTerminated {
		// It would end the same way again.
		slices.Reverse(hints)
	}
	return f.Hint(hints...)
}

// withStorageFault returns f with why the container cannot reach its storage, and the
// fix; false if the settings do not explain it. subject stands before a missing address.
func (v *view) withStorageFault(f probe.Finding, c *container, subject string) (probe.Finding, bool) {
	p := c.program()
	if f, ok := v.withoutAddress(f, c, p, subject); ok || p.Image.IsV2() {
		return f, ok
	}
	for _, u := range p.StorageURLs() {
		if why, better := jaegers.StorageFault(u.Value, c.onHostNetwork()); why != "" {
			f.Fact += ": ES_SERVER_URLS " + jaegers.RedactURLs(u.Value) + " " + why
			return withStorage(f, c, jaegers.Variable{Name: jaegers.StorageURLVariable, Value: better}), true
		}
	}
	return f, false
}

func (v *view) withoutAddress(f probe.Finding, c *container, p *jaegers.Program, subject string) (probe.Finding, bool) {
	u, ok := p.StorageUnset()
	if !ok || p.Opaque() || c.onHostNetwork() || strings.HasPrefix(c.HostConfig.NetworkMode, "container:") {
		return f, false
	}
	fixed, host := *c, HostName
	for _, s := range v.storages {
		if s.program().Image.IsKind(u.Kind) && c.shared(s) != "" {
			host = s.name()
		}
	}
	if host == HostName && !slices.Contains(c.HostConfig.ExtraHosts, HostGateway) {
		fixed.HostConfig.ExtraHosts = append(slices.Clone(c.HostConfig.ExtraHosts), HostGateway)
	}
	f.Code = codeStorageUnset
	f.Fact += subject + " " + u.Text
	return withStorage(f.Saw(u.Evidence), &fixed, jaegers.Variable{Name: u.Variable, Value: u.Address(host)}), true
}

func withStorage(f probe.Finding, c *container, storage jaegers.Variable) probe.Finding {
	if service := c.Config.Labels[composeServiceLabel]; service != "" {
		return f.Hint(storage.Name + "=" + storage.Value + " in the environment of service " + service)
	}
	fixed := *c
	fixed.newStorage = storage
	return replaceWith(f, &fixed, nil, c.ownImage())
}

// startedLate returns the storage that was started so shortly before the
// container's end, or so shortly after it, that it cannot have been ready.
func (v *view) startedLate(c *container) *container {
	p := c.program()
	if c.State.ExitCode == 0 || len(p.V1Settings()) == 0 && !p.HasConfig() {
		return nil
	}
	for _, storage := range v.storages {
		if storage.State.StartedAt.After(c.State.FinishedAt.Add(-startRace)) {
			return storage
		}
	}
	return nil
}

// withoutUDP returns the finding for a version of Jaeger without such a port.
// If thrift over HTTP is already published, the hint uses that.
func withoutUDP(c *container, n Need) probe.Finding {
	f := probe.Found(probe.StatusFail, codeNoUDP, "%s has no port %s: this version does not listen on it", c.label(), n).
		Saw("all-in-one has had no UDP port since 1.63; Jaeger 2 has had 6831/udp since 2.2, and never 5775/udp")
	if n.Inside == jaegers.PortZipkin {
		return f.Hint(n.flag(n.Host, jaegers.PortCompact))
	}
	const thriftInside = 14268
	for _, b := range c.published() {
		if b.Inside == thriftInside && b.Proto == "tcp" {
			return f.Hint(fmt.Sprintf("--collector-endpoint http://%s:%d%s", n.Host, b.Port, probe.ThriftPath))
		}
	}
	if len(c.program().V1Settings()) == 0 && len(c.Config.Cmd) == 0 {
		f = replaceWith(f, c, []Binding{c.binding(n)}, "jaegertracing/jaeger:latest")
	}
	thrift := c.binding(Need{Addr: n.Addr, Port: thriftInside, Inside: thriftInside, Proto: "tcp"})
	return replaceWith(f, c, []Binding{thrift}, c.ownImage()).Hint("--collector-endpoint " + send.ThriftURL(n.Host))
}

// badSettings warns of settings that cannot do what they are meant to. Spans
// arrive nevertheless.
func (v *view) badSettings() (probe.Finding, bool) {
	for _, c := range v.jaegers {
		if !c.up() {
			continue
		}
		p := c.program()
		if settings := p.V1Settings(); p.Image.IsV2() && !p.HasConfig() && len(settings) > 0 {
			return probe.Found(probe.StatusWarn, codeV1Settings,
				"%s sets %s, which Jaeger 2 ignores: it stores spans in memory", c.label(), strings.Join(settings, ", ")).
				Hint("docker run ... -v ./jaeger.yaml:/jaeger.yaml " + c.Config.Image + " --config /jaeger.yaml"), true
		}
		if f, ok := v.withStorageFault(probe.Found(probe.StatusWarn, codeStorageURL, "%s", c.label()), c, ""); ok {
			return f, true
		}
	}
	return probe.Finding{}, false
}

// maxLogLine bounds what is repeated of a log: the cause stands behind Jaeger's
// own preface.
const maxLogLine = 600

func logExcerpt(line string) string {
	line = strings.Join(strings.Fields(line), " ")
	if len(line) > maxLogLine {
		line = strings.ToValidUTF8(line[:maxLogLine], "") + "…"
	}
	return line
}
