package docker

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// composeLabel are the labels that docker compose puts on its containers.
const (
	composeServiceLabel = "com.docker.compose.service"
	composeFilesLabel   = "com.docker.compose.project.config_files"
)

// replaceWith adds the line that gives the container the ports it lacks. Ports
// cannot be added to a container, so the line replaces it: by one with the same
// settings, and an image if it is to be another. The old one is kept under another
// name. A further hint brings it back, and the evidence names what the line cannot
// repeat.
func replaceWith(f probe.Finding, c *container, missing []Binding, image string) probe.Finding {
	if service := c.Config.Labels[composeServiceLabel]; service != "" {
		return f.Hint(c.composeHint(service, missing))
	}
	r := c.replacement(missing, image)
	if !slices.Contains(f.Hints, r.line) {
		f = f.Hint(r.line)
	}
	if undo := "to go back: " + r.undo; r.undo != "" && !slices.Contains(f.Hints, undo) {
		f = f.Hint(undo)
	}
	for _, note := range r.notes {
		if !slices.Contains(f.Evidence, note) {
			f = f.Saw(note)
		}
	}
	return f
}

// replacement is how to put another container in the place of one.
type replacement struct {
	line, undo string
	// notes name what is not as it was.
	notes []string
}

// replacement makes the new container while the old one still runs, so that a
// mistake in its settings stops nothing, and starts it when the ports are free. A
// container that its stop removes with the traces in it is not replaced.
func (c *container) replacement(missing []Binding, image string) replacement {
	if dirs := c.ownDirectories(); c.HostConfig.AutoRemove && len(dirs) > 0 {
		why := "stopping " + c.name() + " deletes the traces in " + strings.Join(dirs, " and ") +
			", which is on no volume (--rm), so no command replaces it; this one copies them"
		return replacement{line: ": " + ShellQuote(why) + "; " + c.copyOut(dirs), notes: []string{why}}
	}
	name, oldName := ShellQuote(c.name()), ShellQuote(c.oldName())
	var l commandLine
	l.container = c.oldName()
	c.createWords(&l, missing, image)
	steps := []string{"docker rename " + name + " " + oldName, strings.Join(l.words, " ")}
	steps = append(steps, c.connects()...)
	undo := "docker rm -f " + name + "; docker rename " + oldName + " " + name
	if policy := c.restartPolicy(); policy != "" {
		// Otherwise the engine's next start brings both back, and one finds its
		// ports taken.
		steps = append(steps, "docker update --restart no "+oldName)
		undo += " && docker update --restart " + policy + " " + name
	}
	steps = append(steps, "docker stop "+oldName, "docker start "+name)
	undo += " && docker start " + name
	r := replacement{line: strings.Join(steps, " && "), undo: undo}
	if len(l.secrets) > 0 {
		r.notes = append(r.notes, "not shown; the command reads it from the old container: "+strings.Join(l.secrets, ", "))
	}
	left := append(c.leftOut(), l.cut...)
	for _, b := range c.HostConfig.PortBindings.bindings() {
		if slices.ContainsFunc(missing, func(m Binding) bool { return b.conflictsWith(m) && m.Inside != b.Inside }) {
			left = append(left, "-p "+b.String()+", whose port is taken")
		}
	}
	if len(left) > 0 {
		r.notes = append(r.notes, "the command does not repeat: "+strings.Join(left, ", "))
		// In every form of the output, and harmless in a shell.
		r.line = ": " + ShellQuote("not repeated: "+strings.Join(left, ", ")) + "; " + r.line
	}
	if c.HostConfig.AutoRemove {
		r.undo = ""
		r.notes = append(r.notes, "it was started with --rm: stopping it removes it, so the command cannot be undone")
	}
	return r
}

func (c *container) oldName() string { return cmp.Or(c.freeName, c.name()+"-old") }

// leftOut names what the line cannot repeat.
func (c *container) leftOut() []string {
	var left []string
	for _, name := range c.HostConfig.unmapped {
		left = append(left, "HostConfig."+name)
	}
	for _, name := range c.Config.unmapped {
		left = append(left, "Config."+name)
	}
	if h := c.Config.Healthcheck; h != nil && len(h.Test) > 0 && h.Test[0] == "CMD" && !c.hasImageHealthcheck() {
		left = append(left, "the health check's command "+shellLine(h.Test[1:]))
	}
	if c.newStorage.Name != "" && slices.ContainsFunc(jaegers.StorageURLs(c.env(), c.args()), func(v jaegers.Variable) bool { return jaegers.RedactURLs(v.Value) != v.Value }) {
		left = append(left, "user and password of the storage URL (for ES_USERNAME and ES_PASSWORD)")
	}
	for name, e := range c.NetworkSettings.Networks {
		if len(e.DriverOpts) > 0 {
			left = append(left, "driver options on network "+name)
		}
	}
	if c.HostConfig.AutoRemove {
		left = append(left, "files in the container that are on no volume (--rm: stopping it removes it)")
	}
	for _, name := range c.dependents {
		left = append(left, "container "+name+"'s connection: it uses this container's network and must be created again")
	}
	left = append(left, c.HostConfig.PortBindings.ranges()...)
	left = append(left, c.lostTraces()...)
	slices.Sort(left)
	return left
}

// composeHint returns what to write into the compose file: the next "up" would
// undo a container that is recreated by hand.
func (c *container) composeHint(service string, missing []Binding) string {
	lines := make([]string, len(missing))
	for i, b := range missing {
		lines[i] = `"` + b.String() + `"`
	}
	file := c.Config.Labels[composeFilesLabel]
	if file == "" {
		file = "the compose file"
	}
	return "in " + file + " add to " + service + "'s ports: - " + strings.Join(lines, " - ") +
		c.beforeCompose() + ", then: docker compose up -d " + ShellQuote(service)
}

// beforeCompose is what to do before compose removes the container, and what is lost
// all the same; "" when nothing is lost.
func (c *container) beforeCompose() string {
	if dirs := c.ownDirectories(); len(dirs) > 0 {
		return "; compose removes the old container with the traces in " + strings.Join(dirs, " and ") +
			", which is on no volume: copy them first, " + c.copyOut(dirs)
	}
	if lost := c.lostTraces(); len(lost) > 0 {
		return " (" + strings.Join(lost, ", ") + " are lost)"
	}
	return ""
}

// missingFlags are docker run's flags for ports, as "-p 6831:6831/udp".
func missingFlags(missing []Binding) string {
	flags := make([]string, len(missing))
	for i, b := range missing {
		flags[i] = "-p " + b.String()
	}
	return strings.Join(flags, " ")
}

// restartPolicy returns the value of --restart, "" for none.
func (c *container) restartPolicy() string {
	p := &c.HostConfig.RestartPolicy
	switch {
	case p.Name == "no" || p.Name == "":
		return ""
	case p.MaximumRetryCount > 0:
		return p.Name + ":" + strconv.Itoa(p.MaximumRetryCount)
	default:
		return p.Name
	}
}

func (c *container) createWords(l *commandLine, missing []Binding, image string) {
	host := &c.HostConfig
	l.add("docker", "create", "--name", c.name())
	l.on("--rm", host.AutoRemove)
	l.text("--restart", c.restartPolicy())
	if mode := host.NetworkMode; mode != "" && mode != "default" && mode != "bridge" {
		l.add("--network", mode)
		e := c.NetworkSettings.Networks[mode]
		c.endpointFlags(l, &e, "--network-alias")
	}
	l.on("-P", host.PublishAllPorts)
	for _, b := range mergePorts(host.PortBindings.bindings(), missing) {
		l.add("-p", b.flag())
	}
	c.hostFlags(l)
	c.configFlags(l)
	c.programWords(l, image)
}

// connects are the lines for all networks but the first one.
func (c *container) connects() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		mode := c.HostConfig.NetworkMode
		if name == mode || name == "bridge" && (mode == "" || mode == "default") {
			continue
		}
		e := c.NetworkSettings.Networks[name]
		var l commandLine
		l.add("docker", "network", "connect")
		c.endpointFlags(&l, &e, "--alias")
		l.add(name, c.name())
		lines = append(lines, strings.Join(l.words, " "))
	}
	return lines
}

// endpointFlags are what a container is known by on a network. Its own names and
// id, which the engine adds itself, are left out.
func (c *container) endpointFlags(l *commandLine, e *endpoint, alias string) {
	for _, name := range e.Aliases {
		if name != c.name() && name != c.Config.Hostname && (name == "" || !strings.HasPrefix(c.ID, name)) {
			l.add(alias, name)
		}
	}
	l.each("--link", e.Links...)
	if ip := e.IPAMConfig; ip != nil {
		l.text("--ip", ip.IPv4Address)
		l.text("--ip6", ip.IPv6Address)
		l.each("--link-local-ip", ip.LinkLocalIPs...)
	}
}

// programWords are the variables, the image and the program's arguments, those
// only that are not the image's own.
func (c *container) programWords(l *commandLine, image string) {
	for i, kv := range c.Config.Env {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case slices.Contains(c.defaults.Env, kv), c.newStorage.Name != "" && name == c.newStorage.Name:
		case jaegers.IsSecret(name) || jaegers.RedactURLs(kv) != kv:
			l.add("-e")
			l.secret(name, "", fmt.Sprintf("{{index .Config.Env %d}}", i), kv)
		default:
			l.add("-e", kv)
		}
	}
	if c.newStorage.Name != "" {
		l.add("-e", c.newStorage.Name+"="+c.newStorage.Value)
	}
	entry, command := c.Config.Entrypoint, c.Config.Cmd
	// With another entry point, Docker leaves out the image's command.
	ownEntry := !slices.Equal(entry, c.defaults.Entrypoint) || len(command) == 0 && len(c.defaults.Cmd) > 0
	switch {
	case ownEntry && len(entry) > 0:
		l.add("--entrypoint", entry[0])
	case ownEntry:
		// The image's is cleared, and the command is the program.
		l.add("--entrypoint", "")
	}
	l.add(image)
	if ownEntry && len(entry) > 1 {
		c.argumentWords(l, ".Config.Entrypoint", entry, 1)
	}
	if ownEntry || !slices.Equal(command, c.defaults.Cmd) {
		c.argumentWords(l, ".Config.Cmd", command, 0)
	}
}

// argumentWords repeats arguments from the given one on. Where they stand in
// docker inspect's template is for the secret ones.
func (c *container) argumentWords(l *commandLine, where string, args []string, from int) {
	for i := from; i < len(args); i++ {
		flag, _, joined := strings.Cut(args[i], "=")
		isFlag := strings.HasPrefix(flag, "-")
		if isFlag && c.newStorage.Name != "" && jaegers.VariableOf(flag) == c.newStorage.Name {
			if !joined {
				i++
			}
			continue
		}
		before := ""
		if i > 0 && strings.HasPrefix(args[i-1], "-") && !strings.Contains(args[i-1], "=") {
			before = args[i-1]
		}
		switch {
		case isFlag && joined && jaegers.IsSecret(flag):
			l.secret(flag, "", fmt.Sprintf("{{index %s %d}}", where, i), args[i])
		case !isFlag && before != "" && jaegers.IsSecret(before):
			l.secret(before, "", fmt.Sprintf("{{index %s %d}}", where, i), args[i])
		case jaegers.RedactURLs(args[i]) != args[i]:
			l.secret("the URL in "+jaegers.RedactURLs(args[i]), "", fmt.Sprintf("{{index %s %d}}", where, i), args[i])
		default:
			l.add(args[i])
		}
	}
}

// mergePorts adds what is missing to what is published. What is published on the
// same port of the machine for the same port inside, for the wrong protocol or
// on all addresses, was meant to be the missing one and goes; so does what has
// taken the missing one's place, which two cannot have.
func mergePorts(published, missing []Binding) []Binding {
	all := slices.Clone(missing)
	for _, b := range published {
		if !slices.ContainsFunc(missing, b.conflictsWith) {
			all = append(all, b)
		}
	}
	return all
}

// conflictsWith reports whether b cannot stay when m is published, or is replaced by m.
func (b Binding) conflictsWith(m Binding) bool {
	if m.Port != b.Port || !m.everywhere() && !b.everywhere() && m.Host != b.Host {
		return false
	}
	return m.Inside == b.Inside || m.Port != 0 && m.Proto == b.Proto
}

// everywhere reports whether the binding is on all addresses of the machine.
func (b Binding) everywhere() bool { return !b.Host.IsValid() || b.Host.IsUnspecified() }

// binding is PublishFor, on no more addresses than the container's own ports are on:
// a port that is published on single addresses is private.
func (c *container) binding(n Need) Binding {
	wanted := n.PublishFor()
	published := c.HostConfig.PortBindings.bindings()
	private := func(of []Binding) bool { return len(of) > 0 && !slices.ContainsFunc(of, Binding.everywhere) }
	same := slices.DeleteFunc(slices.Clone(published), func(b Binding) bool { return b.Inside != n.Inside })
	if !private(published) && !private(same) {
		return wanted
	}
	wanted.Host = n.Addr
	if !n.Addr.IsValid() {
		wanted.Host = published[0].Host
	}
	return wanted
}

// shellLine is a command as a POSIX shell reads it.
func shellLine(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = ShellQuote(arg)
	}
	return strings.Join(quoted, " ")
}

// ShellQuote quotes s for a POSIX shell if necessary.
func ShellQuote(s string) string { return shell.Quote(s) }

// PublishFor is the binding that brings what is sent to a need's address to
// Jaeger. Loopback is one of all addresses, so nothing narrower is proposed.
func (n Need) PublishFor() Binding {
	return Binding{Host: netip.Addr{}, Port: n.Port, Inside: n.Inside, Proto: n.Proto}
}
