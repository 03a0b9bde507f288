package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/printable"
)

// composeLabel are the labels that docker compose puts on its containers.
const (
	composeServiceLabel = "com.docker.compose.service"
	composeFilesLabel   = "com.docker.compose.project.config_files"
)

// republish is the line that gives the container the ports it lacks. Ports
// cannot be added to a container, so the line replaces it: by one with the same
// settings, as far as they concern Jaeger, and an image if it is to be another.
func (c *container) republish(missing []binding, image string) string {
	if service := c.Config.Labels[composeServiceLabel]; service != "" {
		return c.recompose(service, missing)
	}
	return "docker rm -f " + shellQuote(c.name()) + " && " + shellLine(c.runArgs(missing, image))
}

// recompose says what to write into the compose file, for a container made anew
// by hand would be undone by the next "up".
func (c *container) recompose(service string, missing []binding) string {
	lines := make([]string, len(missing))
	for i, b := range missing {
		lines[i] = `"` + b.String() + `"`
	}
	file := c.Config.Labels[composeFilesLabel]
	if file == "" {
		file = "the compose file"
	}
	return "in " + file + " add to " + service + "'s ports: - " + strings.Join(lines, " - ") +
		", then: docker compose up -d " + shellQuote(service)
}

// missingFlags are docker run's flags for ports, as "-p 6831:6831/udp".
func missingFlags(missing []binding) string {
	flags := make([]string, len(missing))
	for i, b := range missing {
		flags[i] = "-p " + b.String()
	}
	return strings.Join(flags, " ")
}

func (c *container) runArgs(missing []binding, image string) []string {
	args := []string{"docker", "run", "-d", "--name", c.name()}
	host := &c.HostConfig
	if host.AutoRemove {
		args = append(args, "--rm")
	}
	if name := host.RestartPolicy.Name; name != "" && name != "no" {
		if n := host.RestartPolicy.MaximumRetryCount; n > 0 {
			name += ":" + strconv.Itoa(n)
		}
		args = append(args, "--restart", name)
	}
	if mode := host.NetworkMode; mode != "" && mode != "default" && mode != "bridge" {
		args = append(args, "--network", mode)
	}
	if host.PublishAllPorts {
		args = append(args, "-P")
	}
	for _, b := range mergePorts(host.PortBindings.bindings(), missing) {
		args = append(args, "-p", b.String())
	}
	for _, bind := range host.Binds {
		args = append(args, "-v", bind)
	}
	if c.Config.User != c.defaults.User {
		args = append(args, "-u", c.Config.User)
	}
	return append(args, c.programArgs(image)...)
}

// programArgs are the variables, the image and the program's arguments, those
// only that are not the image's own.
func (c *container) programArgs(image string) []string {
	var args []string
	for _, kv := range c.Config.Env {
		if slices.Contains(c.defaults.Env, kv) {
			continue
		}
		if name, _, _ := strings.Cut(kv, "="); isSecret(name) || redactURLs(kv) != kv {
			// docker takes the value from its own environment.
			kv = name
		}
		args = append(args, "-e", kv)
	}
	entry, command := c.Config.Entrypoint, c.Config.Cmd
	if slices.Equal(entry, c.defaults.Entrypoint) {
		entry = nil
		if slices.Equal(command, c.defaults.Cmd) {
			command = nil
		}
	}
	if len(entry) > 0 {
		args = append(args, "--entrypoint", entry[0])
		command = slices.Concat(entry[1:], command)
	}
	args = append(args, image)
	for _, arg := range command {
		args = append(args, redactURLs(arg))
	}
	return args
}

// mergePorts adds what is missing to what is published. What is published on the
// same port of the machine for the same port inside, for the wrong protocol or
// the wrong address, was meant to be the missing one and goes.
func mergePorts(published, missing []binding) []binding {
	all := slices.Clone(missing)
	for _, b := range published {
		replaced := slices.ContainsFunc(missing, func(m binding) bool {
			return m.port == b.port && m.inside == b.inside
		})
		if !replaced {
			all = append(all, b)
		}
	}
	return all
}

// shellLine is a command as a POSIX shell reads it.
func shellLine(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = shellQuote(arg)
	}
	return strings.Join(quoted, " ")
}

// shellQuote quotes s for a POSIX shell where it needs that. What cannot be shown
// as it is stands as an escape in bash's and zsh's $'...', since a view would replace
// it, and the command would say something else.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./-_", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	if printable.Line(s) == s {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var quoted strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~' || c == '#':
			fmt.Fprintf(&quoted, `\%03o`, c)
		case c == '\'' || c == '\\':
			quoted.Write([]byte{'\\', c})
		default:
			quoted.WriteByte(c)
		}
	}
	return "$'" + quoted.String() + "'"
}

// publishFor is the binding that brings what is sent to a need's address to
// Jaeger. Loopback is one of all addresses, so nothing narrower is proposed.
func (n need) publishFor() binding {
	return binding{host: netip.Addr{}, port: n.port, inside: n.inside, proto: n.proto}
}
