package docker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

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
	f.Hints = addNew(f.Hints, r.line)
	if r.undo != "" {
		f.Hints = addNew(f.Hints, "to go back: "+r.undo)
	}
	f.Evidence = addNew(f.Evidence, r.notes...)
	return f
}

func addNew(lines []string, more ...string) []string {
	for _, line := range more {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

type replacement struct {
	line, undo string
	// notes name what is not as it was.
	notes []string
}

// replacement makes the new container while the old one still runs, so that a
// mistake in its settings stops nothing, and starts it when the ports are free. If a
// step fails, the line brings the old one back. A
// container that its stop removes with the traces in it is not replaced.
func (c *container) replacement(missing []Binding, image string) replacement {
	if dirs := c.ownDirectories(); c.HostConfig.AutoRemove && len(dirs) > 0 {
		why := "stopping " + c.name() + " deletes the traces in " + strings.Join(dirs, " and ") +
			", which is on no volume (--rm): this command copies them, then start a new container with the copy and the ports"
		return replacement{line: ": " + shell.Quote(why) + "; " + c.copyOut(dirs), notes: []string{why}}
	}
	name, oldName := shell.Quote(c.name()), shell.Quote(c.oldName())
	l := commandLine{container: c.oldName()}
	c.createWords(&l, missing, image)
	steps := append([]string{strings.Join(l.words, " ")}, c.connects()...)
	undo := "docker rm -f " + name + "; docker rename " + oldName + " " + name
	if policy := c.HostConfig.RestartPolicy.String(); policy != "" {
		// Otherwise the engine's next start brings both back, and one finds its
		// ports taken.
		steps = append(steps, "docker update --restart no "+oldName)
		undo += " && docker update --restart " + policy + " " + name
	}
	steps = append(steps, "docker stop "+oldName, "docker start "+name)
	r := replacement{line: strings.Join(steps, " && "), undo: undo + " && docker start " + name}
	if !c.HostConfig.AutoRemove {
		// A port that another program has shows only when the new one is started.
		r.line = "{ " + r.line + " || { " + r.undo + "; false; }; }"
	}
	r.line = "docker rename " + name + " " + oldName + " && " + r.line
	if len(l.secrets) > 0 {
		r.notes = append(r.notes, "not shown; the command reads it from the old container: "+strings.Join(l.secrets, ", "))
	}
	if left := slices.Concat(c.leftOut(), l.left); len(left) > 0 {
		names := strings.Join(left, ", ")
		r.notes = append(r.notes, "the command does not repeat: "+names)
		// In every form of the output, and harmless in a shell.
		r.line = ": " + shell.Quote("not repeated: "+names) + "; " + r.line
	}
	if image == c.Image && c.tagMoved {
		r.notes = append(r.notes, c.Config.Image+" is the name of another image now; the command uses the image that the container runs")
	}
	if c.HostConfig.AutoRemove {
		r.undo = ""
		r.notes = append(r.notes, "it was started with --rm: stopping it removes it, so the command cannot be undone")
	}
	return r
}

func (c *container) oldName() string { return cmp.Or(c.freeName, c.name()+"-old") }

// leftOut names what no command repeats.
func (c *container) leftOut() []string {
	left := slices.Concat(c.unmapped, c.HostConfig.PortBindings.ranges(), c.lostTraces())
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
	slices.Sort(left)
	return left
}

// composeHint returns what to write into the compose file: the next "up" would
// undo a container that is recreated by hand.
func (c *container) composeHint(service string, missing []Binding) string {
	return fmt.Sprintf(`in %s add to %s's ports: - "%s"%s, then: docker compose up -d %s`,
		cmp.Or(c.Config.Labels[composeFilesLabel], "the compose file"), service,
		strings.Join(texts(missing), `" - "`), c.beforeCompose(), shell.Quote(service))
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

func shellLine(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = shell.Quote(arg)
	}
	return strings.Join(quoted, " ")
}
