package child

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/integration/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shell(script string, env ...string) process.Command {
	return process.Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: env}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	// A loop that takes processor time, and no environment but its own.
	cost, err := Run(t.Context(), shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo \"$ASKED,$HOME\"", "ASKED=yes"), &out)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "yes,\n"; got != want {
		t.Errorf("stdout: got %q, want %q", got, want)
	}
	if cost.CPU <= 0 || cost.Wall <= 0 {
		t.Errorf("got %+v, want some time of both kinds", cost)
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, err := Run(t.Context(), shell("echo the reason >&2; exit 3"), &out)
	if err == nil || !strings.Contains(err.Error(), "exit status 3\nthe reason") {
		t.Errorf("got %v, want the status and what it said on stderr", err)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	c, err := Start(t.Context(), shell("trap 'echo stopping; exit 4' TERM; while :; do :; done"))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		cpu, err := c.CPU()
		if err != nil {
			t.Fatal(err)
		}
		if cpu >= 5*clockTick {
			break
		}
		select {
		case <-deadline.C:
			t.Fatalf("a busy loop has taken %s of processor time after 10s", cpu)
		case <-tick.C:
		}
	}
	if got, err := c.Resident(); err != nil || got <= 0 {
		t.Errorf("resident memory: got %d bytes, %v", got, err)
	}
	for range 2 {
		if err := c.Stop(); err == nil || !strings.Contains(err.Error(), "exit status 4\nstopping") {
			t.Errorf("stop: got %v, want the status and what it said", err)
		}
	}
	select {
	case <-c.Done():
	default:
		t.Error("it is not done after Stop")
	}
}

func TestParseCPU(t *testing.T) {
	t.Parallel()
	const stat = "812 (a) b (c) S 1 812 812 0 -1 4194560 1093 0 0 0 250 50 7 7 20 0 9 0 133 1265 640"
	got, err := parseCPU(stat)
	if want := 3 * time.Second; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	for _, broken := range []string{"", "812 (a) S 1", "812 (a) S 1 812 812 0 -1 4194560 1093 0 0 0 x 50 7"} {
		if got, err := parseCPU(broken); err == nil {
			t.Errorf("%q: got %s, want an error", broken, got)
		}
	}
}

func TestParseResident(t *testing.T) {
	t.Parallel()
	got, err := parseResident("VmHWM:\t 20 kB\nVmRSS:\t    12 kB\nRssAnon: 1 kB\n")
	if want := int64(12 << 10); err != nil || got != want {
		t.Errorf("got %d, %v; want %d", got, err, want)
	}
	// A zombie has no memory.
	for _, broken := range []string{"State: Z (zombie)\n", "VmRSS:", "VmRSS: some kB"} {
		if got, err := parseResident(broken); err == nil {
			t.Errorf("%q: got %d, want an error", broken, got)
		}
	}
}
