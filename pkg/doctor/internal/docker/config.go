package docker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// hostConfig is the engine's HostConfig: the flags of docker run about the
// container's environment on the machine.
type hostConfig struct {
	Binds           []string
	Mounts          []mountSpec
	Tmpfs           map[string]string
	VolumesFrom     []string
	VolumeDriver    string
	NetworkMode     string
	PortBindings    portMap
	PublishAllPorts bool
	AutoRemove      bool
	RestartPolicy   struct {
		Name              string
		MaximumRetryCount int
	}
	LogConfig struct {
		Type   string
		Config map[string]string
	}

	DNS        []string `json:"Dns"`
	DNSOptions []string `json:"DnsOptions"`
	DNSSearch  []string `json:"DnsSearch"`
	ExtraHosts []string
	Links      []string

	Memory            int64
	MemorySwap        int64
	MemoryReservation int64
	MemorySwappiness  *int64
	NanoCPUs          int64 `json:"NanoCpus"`
	CPUShares         int64 `json:"CpuShares"`
	CPUPeriod         int64 `json:"CpuPeriod"`
	CPUQuota          int64 `json:"CpuQuota"`
	CpusetCpus        string
	CpusetMems        string
	BlkioWeight       int64
	PidsLimit         *int64
	OomKillDisable    *bool
	OomScoreAdj       int64
	ShmSize           int64
	Ulimits           []struct {
		Name       string
		Soft, Hard int64
	}

	CapAdd, CapDrop []string
	Privileged      bool
	ReadonlyRootfs  bool
	SecurityOpt     []string
	Sysctls         map[string]string
	StorageOpt      map[string]string
	GroupAdd        []string
	Devices         []struct{ PathOnHost, PathInContainer, CgroupPermissions string }
	Init            *bool
	IpcMode         string
	PidMode         string
	UTSMode         string
	UsernsMode      string
	CgroupParent    string
	Runtime         string

	// unmapped names the settings that none of the above is, and that are set.
	unmapped []string
}

// mountSpec is one --mount.
type mountSpec struct {
	Type, Source, Target, Consistency string
	ReadOnly                          bool
	BindOptions                       *struct {
		Propagation  string
		NonRecursive bool
	}
	VolumeOptions *struct {
		NoCopy       bool
		Labels       map[string]string
		Subpath      string
		DriverConfig *struct {
			Name    string
			Options map[string]string
		}
	}
	TmpfsOptions *struct {
		SizeBytes int64
		Mode      uint32
	}
}

// containerConfig is the engine's Config: the flags of docker run about the
// program, merged with those of the image.
type containerConfig struct {
	programConfig
	Image        string
	Hostname     string
	Domainname   string
	MacAddress   string
	StopTimeout  *int
	Tty          bool
	OpenStdin    bool
	ExposedPorts map[string]struct{}

	// unmapped is as in hostConfig.
	unmapped []string
}

// programConfig is what a container has from its image, unless a flag of docker
// run overrides it.
type programConfig struct {
	User        string
	Env         []string
	Cmd         []string
	Entrypoint  []string
	WorkingDir  string
	StopSignal  string
	Labels      map[string]string
	Healthcheck *healthcheck
}

// imageDefaults is the Config of an image.
type imageDefaults struct {
	programConfig
	ExposedPorts map[string]struct{}
}

type healthcheck struct {
	Test                                          []string
	Interval, Timeout, StartPeriod, StartInterval time.Duration
	Retries                                       int
}

// UnmarshalJSON implements json.Unmarshaler.
func (h *hostConfig) UnmarshalJSON(text []byte) error {
	type plain hostConfig
	if err := json.Unmarshal(text, (*plain)(h)); err != nil {
		return fmt.Errorf("read the host settings: %w", err)
	}
	var err error
	// Not set by docker run's flags, or chosen by the engine.
	h.unmapped, err = unmapped(text, *h, "ConsoleSize", "ContainerIDFile", "MaskedPaths", "ReadonlyPaths", "CgroupnsMode", "Isolation")
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *containerConfig) UnmarshalJSON(text []byte) error {
	type plain containerConfig
	if err := json.Unmarshal(text, (*plain)(c)); err != nil {
		return fmt.Errorf("read the program settings: %w", err)
	}
	var err error
	// Volumes are among the container's mounts; the others are of no consequence
	// to a program that runs by itself.
	c.unmapped, err = unmapped(text, *c, "AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce", "OnBuild", "Volumes", "ArgsEscaped", "Shell")
	return err
}

// unmapped returns the sorted keys of a JSON object that are set and are neither
// fields of v nor among the ignored ones.
func unmapped(text []byte, v any, ignored ...string) ([]string, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	known := slices.Clone(ignored)
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		known = append(known, f.Name)
		if name := f.Tag.Get("json"); name != "" {
			known = append(known, name)
		}
	}
	unset := []string{"null", "false", "0", `""`, "[]", "{}"}
	var names []string
	for name, value := range all {
		if !slices.Contains(known, name) && !slices.Contains(unset, string(bytes.TrimSpace(value))) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
