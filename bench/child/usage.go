package child

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of processor time in /proc: USER_HZ is 100 on every
// architecture that Go runs on (proc(5), sysconf(_SC_CLK_TCK)).
const clockTick = time.Second / 100

// CPU returns the user and system time that the running program has taken so far,
// in steps of 10 ms. It is read from /proc, and so an error elsewhere than on
// Linux.
func (c *Child) CPU() (time.Duration, error) {
	stat, err := c.proc("stat")
	if err != nil {
		return 0, err
	}
	return parseCPU(stat)
}

// Resident returns the bytes of memory that the running program holds, from /proc.
func (c *Child) Resident() (int64, error) {
	status, err := c.proc("status")
	if err != nil {
		return 0, err
	}
	return parseResident(status)
}

func (c *Child) proc(file string) (string, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", c.cmd.Process.Pid, file))
	if err != nil {
		return "", fmt.Errorf("read what %s costs: %w", c.name, err)
	}
	return string(content), nil
}

// parseCPU reads utime and stime, the fields 14 and 15 of /proc/PID/stat. The
// second field is the program's name in parentheses, which may hold anything.
func parseCPU(stat string) (time.Duration, error) {
	const utime, stime = 14 - 3, 15 - 3 // counted from the field after the name
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) <= stime {
		return 0, fmt.Errorf("/proc/PID/stat has no processor time: %q", stat)
	}
	user, err := strconv.ParseInt(fields[utime], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("utime in /proc/PID/stat: %w", err)
	}
	system, err := strconv.ParseInt(fields[stime], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("stime in /proc/PID/stat: %w", err)
	}
	return time.Duration(user+system) * clockTick, nil
}

// parseResident reads VmRSS of /proc/PID/status, which is in KiB.
func parseResident(status string) (int64, error) {
	_, rest, found := strings.Cut(status, "VmRSS:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, errors.New("/proc/PID/status has no VmRSS: the program has ended")
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("VmRSS in /proc/PID/status: %w", err)
	}
	return kib << 10, nil
}
