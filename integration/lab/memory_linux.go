package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

const (
	// cgroups is where Linux has its control groups.
	cgroups = "/sys/fs/cgroup"
	// removeTimeout bounds how long the kernel takes to see that a group is empty.
	removeTimeout = 10 * time.Second
	removePoll    = 50 * time.Millisecond
)

// Memory limits the memory of the programs in it together, as mem_limit of a
// compose file does: beyond it, the kernel kills. It lasts as long as its test.
type Memory struct {
	dir string
	// kills is the file that counts kills.
	kills string
}

// NewMemory returns a limit of so many bytes. It needs root; the test is skipped
// where there is none, see OTDEMO_LAB_REQUIRED.
func NewMemory(t *testing.T, limit int64) *Memory {
	t.Helper()
	m := &Memory{kills: "memory.events"}
	parent, limitFile := cgroups, "memory.max"
	if _, err := os.Stat(filepath.Join(cgroups, "cgroup.controllers")); err != nil {
		// Version 1 has a hierarchy for each controller.
		m.kills = "memory.oom_control"
		parent, limitFile = filepath.Join(cgroups, "memory"), "memory.limit_in_bytes"
	}
	dir, err := os.MkdirTemp(parent, "otdemo-*") //nolint:usetesting // the kernel's own directory
	if err != nil {
		cannot(t, err.Error())
	}
	m.dir = dir
	t.Cleanup(func() { m.remove(t) })
	if err := os.WriteFile(filepath.Join(dir, limitFile), []byte(strconv.FormatInt(limit, 10)), 0o644); err != nil {
		cannot(t, err.Error())
	}
	return m
}

// Command returns c as it is to be started to run within the limit.
func (m *Memory) Command(t *testing.T, c process.Command) process.Command {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	const enter = `echo $$ > "$0" && exec "$@"`
	c.Args = append([]string{"-c", enter, filepath.Join(m.dir, "cgroup.procs"), c.Path}, c.Args...)
	c.Path = shell
	return c
}

// Kills returns how many programs the kernel has killed for exceeding the limit.
func (m *Memory) Kills(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, m.kills))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "oom_kill "); found {
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("%s has no line oom_kill", m.kills)
	return 0
}

// remove waits until the kernel has let go of the programs that have ended.
func (m *Memory) remove(t *testing.T) {
	t.Helper()
	deadline := time.NewTimer(removeTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(removePoll)
	defer tick.Stop()
	for {
		err := os.Remove(m.dir)
		if !errors.Is(err, syscall.EBUSY) {
			if err != nil {
				t.Errorf("remove the control group: %v", err)
			}
			return
		}
		select {
		case <-deadline.C:
			t.Errorf("remove the control group: %v", err)
			return
		case <-tick.C:
		}
	}
}
