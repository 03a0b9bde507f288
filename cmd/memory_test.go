package cmd

import (
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCgroupLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"no control groups", nil, 0},
		{"version 2 in a container", map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "67108864\n"}, 64 << 20},
		{"version 2 without a bound", map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n"}, 0},
		{"version 2, a parent's bound", map[string]string{
			"/proc/self/cgroup":              "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max":  "max\n",
			"/sys/fs/cgroup/a/memory.max":    "1048576\n",
			"/sys/fs/cgroup/memory.max.none": "1",
		}, 1 << 20},
		{"version 2, the least of all", map[string]string{
			"/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "5\n", "/sys/fs/cgroup/a/memory.max": "9\n",
		}, 5},
		{"version 1 in a container that sees the host's name", map[string]string{
			"/proc/self/cgroup":                           "9:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/\n",
			"/sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n",
		}, 256 << 20},
		{"version 1 without a bound", map[string]string{
			"/proc/self/cgroup": "4:memory:/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		{"climbing names", map[string]string{"/proc/self/cgroup": "0::/../../..\n", "/sys/fs/cgroup/memory.max": "7\n"}, 7},
		{"nonsense", map[string]string{"/proc/self/cgroup": "x\n:\n::::\n", "/sys/fs/cgroup/memory.max": "-1"}, 0},
	}
	for _, tt := range tests {
		got := cgroupLimit(func(name string) ([]byte, error) {
			if text, ok := tt.files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		})
		if got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestPlanMemory(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	tests := []struct {
		name             string
		asked, container int64
		want             memoryPlan
		said             string
	}{
		{"the default", 0, 0, memoryPlan{256 * mib, 416 * mib, 0}, ""},
		{"asked for", 64 * mib, 0, memoryPlan{64 * mib, 176 * mib, 0}, ""},
		{"a large container", 0, 4096 * mib, memoryPlan{256 * mib, 416 * mib, 4096 * mib}, ""},
		{"a small container", 0, 100 * mib, memoryPlan{25 * mib, 90 * mib, 100 * mib}, "level=INFO"},
		{"a tiny container", 0, 10 * mib, memoryPlan{4 * mib, 9 * mib, 10 * mib}, "level=INFO"},
		{"asked for in a small container", 20 * mib, 100 * mib, memoryPlan{20 * mib, 90 * mib, 100 * mib}, "level=INFO"},
		{"too much asked for", 80 * mib, 100 * mib, memoryPlan{80 * mib, 90 * mib, 100 * mib}, `fix="--max-memory 25MiB"`},
	}
	for _, tt := range tests {
		got := planMemory(tt.asked, tt.container)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(memoryPlan{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		var log strings.Builder
		got.log(slog.New(slog.NewTextHandler(&log, nil)))
		if (tt.said == "") != (log.Len() == 0) || !strings.Contains(log.String(), tt.said) {
			t.Errorf("%s: said %q, want %q", tt.name, log.String(), tt.said)
		}
	}
}
