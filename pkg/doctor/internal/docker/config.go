package docker

import (
	"encoding/csv"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// hostConfig is the engine's HostConfig: the flags of docker run about the
// container's environment on the machine, in the order in which they are written. What
// has no flag in its tag is written by createWords itself.
type hostConfig struct {
	RestartPolicy restartPolicy
	NetworkMode   string
	PortBindings  portMap
	Tmpfs         map[string]string

	AutoRemove      bool        `docker:"--rm"`
	PublishAllPorts bool        `docker:"-P"`
	VolumeDriver    string      `docker:"--volume-driver"`
	VolumesFrom     []string    `docker:"--volumes-from"`
	Binds           []string    `docker:"-v"`
	Mounts          []mountSpec `docker:"--mount"`
	// Unnamed are volumes without a name, by those that the engine gave them.
	Unnamed []string `docker:"-v" json:"-"`

	Memory            size     `docker:"--memory"`
	MemorySwap        size     `docker:"--memory-swap"`
	MemoryReservation size     `docker:"--memory-reservation"`
	MemorySwappiness  *int64   `docker:"--memory-swappiness" default:"-1"`
	NanoCPUs          nanoCPUs `docker:"--cpus"`
	CPUShares         int64    `docker:"--cpu-shares"`
	CPUPeriod         int64    `docker:"--cpu-period"`
	CPUQuota          int64    `docker:"--cpu-quota"`
	CpusetCpus        string   `docker:"--cpuset-cpus"`
	CpusetMems        string   `docker:"--cpuset-mems"`
	BlkioWeight       int64    `docker:"--blkio-weight"`
	PidsLimit         *int64   `docker:"--pids-limit" default:"0"`
	OomKillDisable    *bool    `docker:"--oom-kill-disable"`
	OomScoreAdj       int64    `docker:"--oom-score-adj"`
	ShmSize           size     `docker:"--shm-size" default:"64m"`
	Ulimits           []ulimit `docker:"--ulimit"`

	LogConfig struct {
		Type   string            `docker:"--log-driver"`
		Config map[string]string `docker:"--log-opt"`
	}
	DNS        []string `docker:"--dns"`
	DNSOptions []string `docker:"--dns-option"`
	DNSSearch  []string `docker:"--dns-search"`
	ExtraHosts []string `docker:"--add-host"`
	Links      []link   `docker:"--link"`

	CapAdd         []string          `docker:"--cap-add"`
	CapDrop        []string          `docker:"--cap-drop"`
	Privileged     bool              `docker:"--privileged"`
	ReadonlyRootfs bool              `docker:"--read-only"`
	SecurityOpt    []string          `docker:"--security-opt"`
	Sysctls        map[string]string `docker:"--sysctl"`
	StorageOpt     map[string]string `docker:"--storage-opt"`
	GroupAdd       []string          `docker:"--group-add"`
	Devices        []device          `docker:"--device"`
	Init           *bool             `docker:"--init"`
	IpcMode        string            `docker:"--ipc" default:"private"`
	PidMode        string            `docker:"--pid"`
	UTSMode        string            `docker:"--uts"`
	UsernsMode     string            `docker:"--userns"`
	CgroupParent   string            `docker:"--cgroup-parent"`
	Runtime        string            `docker:"--runtime" default:"runc,io.containerd.runc.v2"`
}

// containerConfig is the engine's Config: the flags of docker run about the
// program, merged with those of the image.
type containerConfig struct {
	Image       string
	Hostname    string
	Domainname  string `docker:"--domainname"`
	MacAddress  string `docker:"--mac-address"`
	StopTimeout *int   `docker:"--stop-timeout"`
	Tty         bool   `docker:"-t"`
	OpenStdin   bool   `docker:"-i"`
	programConfig
}

// programConfig is what a container has from its image, unless a flag of docker
// run overrides it.
type programConfig struct {
	Env          []string
	Cmd          []string
	Entrypoint   []string
	ExposedPorts map[string]struct{}
	User         string            `docker:"-u"`
	WorkingDir   string            `docker:"-w"`
	StopSignal   string            `docker:"--stop-signal"`
	Labels       map[string]string `docker:"--label"`
	Healthcheck  healthcheck
}

type healthcheck struct {
	Test          []string
	Interval      time.Duration `docker:"--health-interval"`
	Timeout       time.Duration `docker:"--health-timeout"`
	StartPeriod   time.Duration `docker:"--health-start-period"`
	StartInterval time.Duration `docker:"--health-start-interval"`
	Retries       int           `docker:"--health-retries"`
}

type endpoint struct {
	IPAddress  string
	Aliases    []string
	DriverOpts map[string]string
	Links      []string `docker:"--link"`
	IPAMConfig *struct {
		IPv4Address  string   `docker:"--ip"`
		IPv6Address  string   `docker:"--ip6"`
		LinkLocalIPs []string `docker:"--link-local-ip"`
	}
}

type mountSpec struct {
	Type        string `docker:"type"`
	Source      string `docker:"source"`
	Target      string `docker:"target"`
	ReadOnly    bool   `docker:"readonly"`
	Consistency string `docker:"consistency"`
	BindOptions *struct {
		Propagation  string `docker:"bind-propagation"`
		NonRecursive bool   `docker:"bind-nonrecursive"`
	}
	VolumeOptions *struct {
		NoCopy       bool              `docker:"volume-nocopy"`
		Subpath      string            `docker:"volume-subpath"`
		Labels       map[string]string `docker:"volume-label"`
		DriverConfig *struct {
			Name    string            `docker:"volume-driver"`
			Options map[string]string `docker:"volume-opt"`
		}
	}
	TmpfsOptions *struct {
		SizeBytes int64    `docker:"tmpfs-size"`
		Mode      fileMode `docker:"tmpfs-mode"`
	}
}

// String is the mount as --mount reads it, which is as CSV.
func (m mountSpec) String() string {
	var fields []string
	for _, s := range settingsOf("", reflect.ValueOf(m)) {
		if s.value != "" {
			s.name += "=" + s.value
		}
		fields = append(fields, s.name)
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	// A strings.Builder never fails.
	_ = w.Write(fields)
	w.Flush()
	return strings.TrimSuffix(text.String(), "\n")
}

type fileMode uint32

func (m fileMode) String() string { return strconv.FormatUint(uint64(m), 8) }

// size is in bytes, written in the largest unit that is exact.
type size int64

func (s size) String() string {
	const gigabyte, megabyte = 1 << 30, 1 << 20
	switch {
	case s > 0 && s%gigabyte == 0:
		return fmt.Sprintf("%dg", int64(s/gigabyte))
	case s > 0 && s%megabyte == 0:
		return fmt.Sprintf("%dm", int64(s/megabyte))
	default:
		return strconv.FormatInt(int64(s), 10)
	}
}

type nanoCPUs int64

func (n nanoCPUs) String() string { return strconv.FormatFloat(float64(n)/1e9, 'f', -1, 64) }

type restartPolicy struct {
	Name              string
	MaximumRetryCount int
}

// String is the value of --restart, "" for none.
func (p restartPolicy) String() string {
	switch {
	case p.Name == "no":
		return ""
	case p.MaximumRetryCount > 0:
		return p.Name + ":" + strconv.Itoa(p.MaximumRetryCount)
	default:
		return p.Name
	}
}

type ulimit struct {
	Name       string
	Soft, Hard int64
}

func (u ulimit) String() string { return fmt.Sprintf("%s=%d:%d", u.Name, u.Soft, u.Hard) }

type device struct{ PathOnHost, PathInContainer, CgroupPermissions string }

func (d device) String() string {
	return d.PathOnHost + ":" + d.PathInContainer + ":" + d.CgroupPermissions
}

// link is as "/es:/jaeger/elasticsearch".
type link string

func (l link) String() string {
	source, alias, _ := strings.Cut(string(l), ":")
	return strings.TrimPrefix(source, "/") + ":" + alias[strings.LastIndexByte(alias, '/')+1:]
}
