package docker

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// defaultShmSize is docker run's default.
const (
	defaultShmSize = 64 << 20
	nanosPerCPU    = 1e9
)

// hostFlags are the flags for everything in HostConfig but ports and networks.
func (c *container) hostFlags(l *commandLine) {
	h := &c.HostConfig
	c.mountFlags(l)
	h.resourceFlags(l)
	if h.LogConfig.Type != "" && (h.LogConfig.Type != "json-file" || len(h.LogConfig.Config) > 0) {
		l.add("--log-driver", h.LogConfig.Type)
		l.options("--log-opt", ".HostConfig.LogConfig.Config", h.LogConfig.Config)
	}
	l.each("--dns", h.DNS...)
	l.each("--dns-option", h.DNSOptions...)
	l.each("--dns-search", h.DNSSearch...)
	l.each("--add-host", h.ExtraHosts...)
	for _, link := range h.Links {
		// "/es:/jaeger/elasticsearch"
		source, alias, _ := strings.Cut(link, ":")
		l.add("--link", strings.TrimPrefix(source, "/")+":"+alias[strings.LastIndexByte(alias, '/')+1:])
	}
	l.each("--cap-add", h.CapAdd...)
	l.each("--cap-drop", h.CapDrop...)
	l.on("--privileged", h.Privileged)
	l.on("--read-only", h.ReadonlyRootfs)
	for _, opt := range h.SecurityOpt {
		// The engine adds this one itself to a privileged container.
		if opt != "label=disable" || !h.Privileged {
			l.add("--security-opt", opt)
		}
	}
	l.options("--sysctl", ".HostConfig.Sysctls", h.Sysctls)
	l.options("--storage-opt", ".HostConfig.StorageOpt", h.StorageOpt)
	l.each("--group-add", h.GroupAdd...)
	for _, d := range h.Devices {
		l.add("--device", d.PathOnHost+":"+d.PathInContainer+":"+d.CgroupPermissions)
	}
	l.on("--init", h.Init != nil && *h.Init)
	l.text("--ipc", h.IpcMode, "private", "shareable")
	l.text("--pid", h.PidMode)
	l.text("--uts", h.UTSMode)
	l.text("--userns", h.UsernsMode)
	l.text("--cgroup-parent", h.CgroupParent)
	l.text("--runtime", h.Runtime, "runc", "io.containerd.runc.v2")
}

func (h *hostConfig) resourceFlags(l *commandLine) {
	l.bytes("--memory", h.Memory)
	l.bytes("--memory-swap", h.MemorySwap, 2*h.Memory)
	l.bytes("--memory-reservation", h.MemoryReservation)
	if h.MemorySwappiness != nil && *h.MemorySwappiness >= 0 {
		l.add("--memory-swappiness", strconv.FormatInt(*h.MemorySwappiness, 10))
	}
	if h.NanoCPUs != 0 {
		l.add("--cpus", strconv.FormatFloat(float64(h.NanoCPUs)/nanosPerCPU, 'f', -1, 64))
	}
	l.number("--cpu-shares", h.CPUShares)
	l.number("--cpu-period", h.CPUPeriod)
	l.number("--cpu-quota", h.CPUQuota)
	l.text("--cpuset-cpus", h.CpusetCpus)
	l.text("--cpuset-mems", h.CpusetMems)
	l.number("--blkio-weight", h.BlkioWeight)
	if h.PidsLimit != nil {
		l.number("--pids-limit", *h.PidsLimit)
	}
	l.on("--oom-kill-disable", h.OomKillDisable != nil && *h.OomKillDisable)
	l.number("--oom-score-adj", h.OomScoreAdj)
	l.bytes("--shm-size", h.ShmSize, defaultShmSize)
	for _, u := range h.Ulimits {
		l.add("--ulimit", fmt.Sprintf("%s=%d:%d", u.Name, u.Soft, u.Hard))
	}
}

// mountFlags are those of every mount, of the volumes without a name too: they
// are the same volumes again, by the names that the engine gave them.
func (c *container) mountFlags(l *commandLine) {
	h := &c.HostConfig
	named := make(map[string]string)
	for _, m := range c.Mounts {
		if m.Type == "volume" {
			named[m.Destination] = m.Name
		}
	}
	l.text("--volume-driver", h.VolumeDriver)
	l.each("--volumes-from", h.VolumesFrom...)
	for _, bind := range h.Binds {
		l.add("-v", bind)
		fields := strings.Split(bind, ":")
		delete(named, path.Clean(fields[min(1, len(fields)-1)]))
	}
	for _, m := range h.Mounts {
		if m.Type == "volume" && m.Source == "" {
			m.Source = named[path.Clean(m.Target)]
		}
		delete(named, path.Clean(m.Target))
		l.add("--mount", commaFields(m.fields()))
	}
	for _, target := range slices.Sorted(maps.Keys(named)) {
		l.add("-v", named[target]+":"+target)
	}
	for _, target := range slices.Sorted(maps.Keys(h.Tmpfs)) {
		value := target
		if options := h.Tmpfs[target]; options != "" {
			value += ":" + options
		}
		l.add("--tmpfs", value)
	}
}

// fields are a mount as --mount reads it.
func (m *mountSpec) fields() []string {
	fields := []string{"type=" + m.Type}
	text := func(key, value string) {
		if value != "" {
			fields = append(fields, key+"="+value)
		}
	}
	on := func(key string, is bool) {
		if is {
			fields = append(fields, key)
		}
	}
	text("source", m.Source)
	text("target", m.Target)
	on("readonly", m.ReadOnly)
	text("consistency", m.Consistency)
	if o := m.BindOptions; o != nil {
		text("bind-propagation", o.Propagation)
		on("bind-nonrecursive", o.NonRecursive)
	}
	if o := m.VolumeOptions; o != nil {
		on("volume-nocopy", o.NoCopy)
		text("volume-subpath", o.Subpath)
		for _, key := range slices.Sorted(maps.Keys(o.Labels)) {
			text("volume-label", key+"="+o.Labels[key])
		}
		if d := o.DriverConfig; d != nil {
			text("volume-driver", d.Name)
			for _, key := range slices.Sorted(maps.Keys(d.Options)) {
				text("volume-opt", key+"="+d.Options[key])
			}
		}
	}
	if o := m.TmpfsOptions; o != nil {
		if o.SizeBytes > 0 {
			text("tmpfs-size", strconv.FormatInt(o.SizeBytes, 10))
		}
		if o.Mode > 0 {
			text("tmpfs-mode", strconv.FormatUint(uint64(o.Mode), 8))
		}
	}
	return fields
}

// configFlags are the flags for everything in Config that is not the image's own.
func (c *container) configFlags(l *commandLine) {
	cfg, image := &c.Config, &c.defaults
	if !strings.HasPrefix(c.HostConfig.NetworkMode, "container:") && c.HostConfig.UTSMode != "host" &&
		!strings.HasPrefix(c.ID, cfg.Hostname) && !c.onHostNetwork() {
		l.add("--hostname", cfg.Hostname)
	}
	l.text("--domainname", cfg.Domainname)
	l.text("--mac-address", cfg.MacAddress)
	l.text("-u", cfg.User, image.User)
	l.text("-w", cfg.WorkingDir, image.WorkingDir)
	l.text("--stop-signal", cfg.StopSignal, image.StopSignal)
	if cfg.StopTimeout != nil {
		l.add("--stop-timeout", strconv.Itoa(*cfg.StopTimeout))
	}
	l.on("-t", cfg.Tty)
	l.on("-i", cfg.OpenStdin)
	for _, port := range slices.Sorted(maps.Keys(cfg.ExposedPorts)) {
		if _, published := c.HostConfig.PortBindings[port]; published {
			continue
		}
		if _, own := image.ExposedPorts[port]; !own {
			l.add("--expose", port)
		}
	}
	c.healthFlags(l)
	labels := maps.Clone(cfg.Labels)
	maps.DeleteFunc(labels, func(key, value string) bool { return image.Labels[key] == value })
	l.options("--label", ".Config.Labels", labels)
}

func (c *container) healthFlags(l *commandLine) {
	h := c.Config.Healthcheck
	if h == nil || c.hasImageHealthcheck() {
		return
	}
	switch {
	case len(h.Test) == 1 && h.Test[0] == "NONE":
		l.add("--no-healthcheck")
	case len(h.Test) == 2 && h.Test[0] == "CMD-SHELL":
		l.add("--health-cmd", h.Test[1])
	}
	for _, d := range []struct {
		flag  string
		value fmt.Stringer
	}{
		{"--health-interval", h.Interval},
		{"--health-timeout", h.Timeout},
		{"--health-start-period", h.StartPeriod},
		{"--health-start-interval", h.StartInterval},
	} {
		l.text(d.flag, d.value.String(), "0s")
	}
	l.number("--health-retries", int64(h.Retries))
}

// hasImageHealthcheck reports whether the health check is the image's own.
func (c *container) hasImageHealthcheck() bool {
	own, image := c.Config.Healthcheck, c.defaults.Healthcheck
	return own != nil && image != nil && reflect.DeepEqual(own, image)
}
