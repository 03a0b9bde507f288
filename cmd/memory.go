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
	// spansShare of a container's memory is for spans by default: the process needs
	// room for decoding and for answers, too.
	spansShare = 4
	// overhead is the memory of the process beside its spans before the garbage
	// collector works harder: bodies, answers, and the program itself.
	overhead = 96 << 20
	minSpans = 4 << 20
)

// memoryPlan is how a process with an embedded Jaeger shares its memory out.
type memoryPlan struct {
	// spans is the bound of the stored spans, process the goal of the garbage
	// collector, container what the container may have, 0 without a bound.
	spans, process, container int64
}

// planMemory plans for spans of so many bytes, 0 for the default, in a container
// with that bound, 0 for none.
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

// apply sets the goal of the garbage collector, unless GOMEMLIMIT did.
func (p *memoryPlan) apply() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(p.process)
	}
}

// log logs the effect of the container's bound.
func (p *memoryPlan) log(logger *slog.Logger) {
	switch {
	case p.container == 0:
	case p.spans > p.container/2:
		logger.Warn("max-memory is more than half of what the container may have: it may be killed",
			"max_memory_bytes", p.spans, "container_bytes", p.container, "fix", "--max-memory "+wholeMiB(p.container/spansShare))
	case p.spans < allinone.DefaultMaxMemory:
		logger.Info("spans share the memory of the container", "max_memory_bytes", p.spans, "container_bytes", p.container)
	}
}

// wholeMiB returns a size in whole MiB, as --max-memory accepts it.
func wholeMiB(n int64) string { return strconv.FormatInt(max(minSpans, n)>>20, 10) + "MiB" }

// unlimited is from where on a bound is none: version 1 of cgroups has a number near
// the largest for that.
const unlimited = 1 << 60

// cgroupLimit returns the memory that the process's control groups grant it in
// bytes, 0 when they set no bound, as on systems without any. It knows both versions
// (cgroups(7)); read returns a file's text.
func cgroupLimit(read func(name string) (string, error)) int64 {
	list, err := read("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := int64(0)
	for line := range strings.Lines(list) {
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
		// A container may see the host's name of its group, which it does not have: its
		// own is the root then.
		for group := path.Join("/", parts[2]); ; group = path.Dir(group) {
			if n, ok := limitIn(read, path.Join(root, group, file)); ok && (least == 0 || n < least) {
				least = n
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}

// limitIn returns the bound that a file has, false for none.
func limitIn(read func(string) (string, error), name string) (int64, bool) {
	text, err := read(name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64) // "max" is none
	return n, err == nil && n > 0 && n < unlimited
}
