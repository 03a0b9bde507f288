package cmd

import (
	"log/slog"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/allinone"
)

const (
	// 1/spansShare of a container's memory is for spans by default: the process needs
	// memory for decoding and for responses too.
	spansShare = 4
	// overhead is the memory of the process in addition to its spans, before the
	// garbage collector works harder: bodies, responses and the program itself.
	overhead = 96 << 20
	minSpans = 4 << 20
)

// memoryPlan divides the memory of a process with an embedded Jaeger.
type memoryPlan struct {
	// spans is the limit for stored spans, process the goal of the garbage collector,
	// container the limit of the container, 0 for none.
	spans, process, container int64
}

// planMemory returns the plan for that many bytes of spans, 0 for the default, in a
// container with that limit, 0 for none.
func planMemory(spans, container int64) memoryPlan {
	if spans == 0 {
		spans = allinone.DefaultMaxMemory
		if container > 0 {
			spans = max(minSpans, min(spans, container/spansShare))
		}
	}
	p := memoryPlan{spans: spans, process: spans + spans/4 + overhead, container: container}
	if container > 0 {
		p.process = min(p.process, container-container/10)
	}
	return p
}

// apply sets the goal of the garbage collector, unless GOMEMLIMIT is set.
func (p *memoryPlan) apply() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(p.process)
	}
}

func (p *memoryPlan) log(logger *slog.Logger) {
	switch {
	case p.container == 0:
	case p.spans > p.container/2:
		logger.Warn("max-memory is more than half of the container's memory limit: the container may be killed",
			"max_memory_bytes", p.spans, "container_bytes", p.container, "fix", "--max-memory "+formatSize(max(minSpans, p.container/spansShare)&^(1<<20-1)))
	case p.spans < allinone.DefaultMaxMemory:
		logger.Info("max-memory is reduced to fit the memory limit of the container", "max_memory_bytes", p.spans, "container_bytes", p.container)
	}
}

// unlimited is the size from which a limit means none: version 1 of cgroups uses a
// number near the largest one.
const unlimited = 1 << 60

// cgroupLimit returns the memory limit of the process's control groups in bytes, 0 for
// none, as on systems without control groups. It supports both versions (cgroups(7));
// read is os.ReadFile.
func cgroupLimit(read func(name string) ([]byte, error)) int64 {
	list, err := read("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := int64(0)
	for line := range strings.Lines(string(list)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		root, file := "/sys/fs/cgroup", "memory.max"
		switch {
		case parts[1] == "":
		case strings.Contains(","+parts[1]+",", ",memory,"):
			root, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		// A container may see the name that its group has on the host. That path does
		// not exist in the container, where its group is the root.
		for group := path.Join("/", parts[2]); ; group = path.Dir(group) {
			text, _ := read(path.Join(root, group, file))
			n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max" means no limit
			if err == nil && n > 0 && n < unlimited && (least == 0 || n < least) {
				least = n
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}
