package docker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/plural"
)

// startRace is how long after the start of its storage a Jaeger may have given
// up for the two to be related: Elasticsearch needs up to a minute.
const startRace = 2 * time.Minute

// exitTerminated is the exit code of what a SIGTERM ended, such as docker stop's.
const exitTerminated = 128 + 15

// notRunning is the finding for a container that is there and does not run.
func (v *view) notRunning(c *container) probe.Finding {
	s := &c.State
	name := ShellQuote(c.name())
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
	if url, fixed, ok := c.storageFault(); ok {
		f.Fact += fmt.Sprintf(": ES_SERVER_URLS %s", url)
		return withStorage(f, c, jaegers.StorageURLVariable, fixed).Hint("docker logs --tail 50 " + name)
	}
	if u, withFix, ok := v.storageUnset(c); ok {
		f.Code = codeStorageUnset
		f.Fact += ": it " + u.String()
		return withFix(f).Hint("docker logs --tail 50 " + name)
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

// storageFault returns what is wrong with the storage's URL, and the correct
// one.
func (c *container) storageFault() (fault, fixed string, ok bool) {
	if c.image().IsV2() {
		return "", "", false
	}
	for _, u := range jaegers.StorageURLs(c.env(), c.args()) {
		if why, better := jaegers.StorageFault(u.Value, c.onHostNetwork()); why != "" {
			return jaegers.RedactURLs(u.Value) + " " + why, better, true
		}
	}
	return "", "", false
}

// withStorage adds the line that runs the container with another storage.
func withStorage(f probe.Finding, c *container, name, value string) probe.Finding {
	if service := c.Config.Labels[composeServiceLabel]; service != "" {
		return f.Hint(name + "=" + value + " in the environment of service " + service)
	}
	fixed := *c
	fixed.newStorage = jaegers.Variable{Name: name, Value: value}
	return replaceWith(f, &fixed, nil, c.Config.Image)
}

// startedLate returns the storage that was started so shortly before the
// container's end, or so shortly after it, that it cannot have been ready.
func (v *view) startedLate(c *container) *container {
	if c.State.ExitCode == 0 || len(jaegers.V1Settings(c.env())) == 0 && !jaegers.HasConfig(c.args()) {
		return nil
	}
	for i := range v.storages {
		started := v.storages[i].State.StartedAt
		if started.After(c.State.FinishedAt.Add(-startRace)) {
			return &v.storages[i]
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
	if len(jaegers.V1Settings(c.env())) == 0 && len(c.Config.Cmd) == 0 {
		f = replaceWith(f, c, []Binding{c.binding(n)}, "jaegertracing/jaeger:latest")
	}
	thrift := c.binding(Need{Addr: n.Addr, Port: thriftInside, Inside: thriftInside, Proto: "tcp"})
	return replaceWith(f, c, []Binding{thrift}, c.Config.Image).Hint("--collector-endpoint " + send.ThriftURL(n.Host))
}

// badSettings warns of settings that cannot do what they are meant to. Spans
// arrive nevertheless.
func (v *view) badSettings() (probe.Finding, bool) {
	for i := range v.jaegers {
		c := &v.jaegers[i]
		if !c.up() {
			continue
		}
		if c.image().IsV2() && !jaegers.HasConfig(c.args()) {
			if settings := jaegers.V1Settings(c.env()); len(settings) > 0 {
				return probe.Found(probe.StatusWarn, codeV1Settings,
					"%s sets %s, which Jaeger 2 ignores: it stores spans in memory", c.label(), ListVariables(settings)).
					Hint("docker run ... -v ./jaeger.yaml:/jaeger.yaml " + c.Config.Image + " --config /jaeger.yaml"), true
			}
		}
		if u, withFix, ok := v.storageUnset(c); ok {
			return withFix(probe.Found(probe.StatusWarn, codeStorageUnset, "%s %s", c.label(), &u)), true
		}
		if fault, fixed, ok := c.storageFault(); ok {
			f := probe.Found(probe.StatusWarn, codeStorageURL, "%s: ES_SERVER_URLS %s", c.label(), fault)
			return withStorage(f, c, jaegers.StorageURLVariable, fixed), true
		}
	}
	return probe.Finding{}, false
}

// ListVariables returns the variables as text, without secrets.
func ListVariables(vars []jaegers.Variable) string {
	names := make([]string, len(vars))
	for i, v := range vars {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
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
