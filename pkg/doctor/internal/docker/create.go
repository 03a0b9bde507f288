package docker

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

func (c *container) createWords(l *commandLine, missing []Binding, image string) {
	host := c.hostFlags()
	host.SecurityOpt = slices.DeleteFunc(slices.Clone(host.SecurityOpt), func(opt string) bool {
		// Docker keeps the content of the file that it accepts the name of.
		profile := strings.HasPrefix(opt, "seccomp={")
		if profile {
			l.left = append(l.left, "the seccomp profile of --security-opt")
		}
		return profile
	})
	l.add("docker", "create", "--name", c.name())
	if policy := host.RestartPolicy.String(); policy != "" {
		l.add("--restart", policy)
	}
	if mode := host.NetworkMode; !isDefaultNetwork(mode) {
		l.add("--network", mode)
		c.endpointFlags(l, mode, "--network-alias")
	}
	ports := slices.Clone(missing)
	for _, b := range host.PortBindings.bindings() {
		switch i := slices.IndexFunc(missing, b.conflictsWith); {
		case i < 0:
			ports = append(ports, b)
		case missing[i].Inside != b.Inside:
			l.left = append(l.left, "-p "+b.String()+", whose port is taken")
		default:
			// It was meant to be the missing one: for the wrong protocol, or on all addresses.
		}
	}
	for _, b := range ports {
		l.add("-p", b.flag())
	}
	l.flags(".HostConfig", host, hostConfig{})
	for _, target := range slices.Sorted(maps.Keys(host.Tmpfs)) {
		l.add("--tmpfs", strings.TrimSuffix(target+":"+host.Tmpfs[target], ":"))
	}
	c.configFlags(l)
	c.programWords(l, image)
}

func isDefaultNetwork(mode string) bool { return mode == "" || mode == "default" || mode == "bridge" }

func (c *container) connects() []string {
	var lines []string
	mode := c.HostConfig.NetworkMode
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		if name == mode || name == "bridge" && isDefaultNetwork(mode) {
			continue
		}
		var l commandLine
		l.add("docker", "network", "connect")
		c.endpointFlags(&l, name, "--alias")
		l.add(name, c.name())
		lines = append(lines, strings.Join(l.words, " "))
	}
	return lines
}

// endpointFlags are what a container is known by on a network. Its own names and
// id, which the engine adds itself, are left out.
func (c *container) endpointFlags(l *commandLine, network, alias string) {
	e := c.NetworkSettings.Networks[network]
	for _, name := range e.Aliases {
		if name != c.name() && name != c.Config.Hostname && (name == "" || !strings.HasPrefix(c.ID, name)) {
			l.add(alias, name)
		}
	}
	l.flags("", e, endpoint{})
}

// hostFlags are what of HostConfig is to be repeated. A volume without a name is the
// same one again, by the name that the engine gave it.
func (c *container) hostFlags() hostConfig {
	h := c.HostConfig
	unnamed := make(map[string]string)
	for _, m := range c.Mounts {
		if m.Type == "volume" {
			unnamed[m.Destination] = m.Name
		}
	}
	for _, bind := range h.Binds {
		fields := strings.Split(bind, ":")
		delete(unnamed, path.Clean(fields[min(1, len(fields)-1)]))
	}
	h.Mounts = slices.Clone(h.Mounts)
	for i := range h.Mounts {
		m, target := &h.Mounts[i], path.Clean(h.Mounts[i].Target)
		if m.Type == "volume" && m.Source == "" {
			m.Source = unnamed[target]
		}
		delete(unnamed, target)
	}
	for _, target := range slices.Sorted(maps.Keys(unnamed)) {
		h.Unnamed = append(h.Unnamed, unnamed[target]+":"+target)
	}
	if h.MemorySwap == 2*h.Memory {
		h.MemorySwap = 0
	}
	if h.LogConfig.Type == "json-file" && len(h.LogConfig.Config) == 0 {
		h.LogConfig.Type = ""
	}
	if h.Privileged {
		// The engine adds this one itself.
		h.SecurityOpt = slices.DeleteFunc(slices.Clone(h.SecurityOpt), func(opt string) bool { return opt == "label=disable" })
	}
	return h
}

func (c *container) configFlags(l *commandLine) {
	own := c.Config
	if !strings.HasPrefix(c.HostConfig.NetworkMode, "container:") && c.HostConfig.UTSMode != "host" &&
		!strings.HasPrefix(c.ID, own.Hostname) && !c.onHostNetwork() {
		l.add("--hostname", own.Hostname)
	}
	for _, port := range slices.Sorted(maps.Keys(own.ExposedPorts)) {
		_, published := c.HostConfig.PortBindings[port]
		if _, known := c.defaults.ExposedPorts[port]; !published && !known {
			l.add("--expose", port)
		}
	}
	switch test := own.Healthcheck.Test; {
	case len(test) == 0, slices.Equal(test, c.defaults.Healthcheck.Test):
	case test[0] == "NONE":
		l.add("--no-healthcheck")
	case test[0] == "CMD-SHELL" && len(test) > 1:
		l.add("--health-cmd", test[1])
	default:
		l.left = append(l.left, "the health check's command "+shellLine(test[1:]))
	}
	l.flags(".Config", own, c.defaults)
}

// programWords are the variables, the image and the program's arguments, those
// only that are not the image's own.
func (c *container) programWords(l *commandLine, image string) {
	for i, kv := range c.Config.Env {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(c.defaults.Env, kv) || c.replaces(name) {
			continue
		}
		l.add("-e")
		if isSecret(name, kv) {
			l.secret(name, "", ".Config.Env", i, kv)
		} else {
			l.add(kv)
		}
	}
	if c.newStorage.Name != "" {
		l.add("-e", c.newStorage.Name+"="+c.newStorage.Value)
		hasUser := func(v jaegers.Variable) bool { return jaegers.RedactURLs(v.Value) != v.Value }
		if slices.ContainsFunc(c.program().StorageURLs(), hasUser) {
			l.left = append(l.left, "user and password of the storage URL (for ES_USERNAME and ES_PASSWORD)")
		}
	}
	entry, command := c.Config.Entrypoint, c.Config.Cmd
	// With another entry point, Docker leaves out the image's command.
	ownEntry := !slices.Equal(entry, c.defaults.Entrypoint) || len(command) == 0 && len(c.defaults.Cmd) > 0
	if ownEntry {
		program := "" // clears the image's: the command is the program
		if len(entry) > 0 {
			program = entry[0]
		}
		l.add("--entrypoint", program)
	}
	l.add(image)
	if ownEntry && len(entry) > 1 {
		c.argumentWords(l, ".Config.Entrypoint", entry, 1)
	}
	if ownEntry || !slices.Equal(command, c.defaults.Cmd) {
		c.argumentWords(l, ".Config.Cmd", command, 0)
	}
}

func (c *container) replaces(name string) bool { return name != "" && name == c.newStorage.Name }

// argumentWords repeats arguments from the given one on. Where they stand in
// docker inspect's template is for the secret ones.
func (c *container) argumentWords(l *commandLine, where string, args []string, from int) {
	for i := from; i < len(args); i++ {
		flag, _, joined := strings.Cut(args[i], "=")
		if strings.HasPrefix(flag, "-") && c.replaces(jaegers.VariableOf(flag)) {
			if !joined {
				i++
			}
			continue
		}
		if name := secretArgument(args, i); name != "" {
			l.secret(name, "", where, i, args[i])
		} else {
			l.add(args[i])
		}
	}
}

// secretArgument is what a secret argument is called; "" for one that is none.
func secretArgument(args []string, i int) string {
	flag, _, hasValue := strings.Cut(args[i], "=")
	switch isFlag := strings.HasPrefix(flag, "-"); {
	case isFlag && hasValue && jaegers.IsSecret(flag):
		return flag
	case !isFlag && i > 0 && strings.HasPrefix(args[i-1], "-") && !strings.Contains(args[i-1], "=") && jaegers.IsSecret(args[i-1]):
		return args[i-1]
	case jaegers.RedactURLs(args[i]) != args[i]:
		return "the URL in " + jaegers.RedactURLs(args[i])
	default:
		return ""
	}
}
