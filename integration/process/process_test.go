package process

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shell(script string, env ...string) Command {
	return Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: env}
}

func TestRun(t *testing.T) {
	t.Parallel()
	c := shell("echo answer; echo \"$ASKED,$HOME\" >&2; pwd; exit 3", "ASKED=yes")
	c.Dir = t.TempDir()

	got := Run(t, 10*time.Second, c)
	want := Result{Stdout: "answer\n" + c.Dir + "\n", Stderr: "yes,\n", Code: 3}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	const waitForEver = "; echo ready; while :; do sleep 0.01; done"
	tests := []struct {
		name, script string
		grace        time.Duration
		want         string
	}{
		{"ends with status 0", "trap 'exit 0' TERM" + waitForEver, StopGrace, ""},
		{"ends with another status", "trap 'exit 4' TERM" + waitForEver, StopGrace, "exit status 4"},
		{"dies of the signal", "true" + waitForEver, StopGrace, "signal: terminated"},
		{"does not end", "trap '' TERM" + waitForEver, 50 * time.Millisecond, "killed: still running 50ms after SIGTERM"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := Start(t, shell(test.script, "PATH="+os.Getenv("PATH")))
			p.grace = test.grace
			waitFor(t, p, "ready\n")
			for range 2 {
				got := ""
				if err := p.Stop(); err != nil {
					got = err.Error()
				}
				if got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
		})
	}
}

func TestStopAfterTheEnd(t *testing.T) {
	t.Parallel()
	p := Start(t, shell("echo out; echo err >&2"))
	<-p.Done()
	if err := p.Stop(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if got, want := p.Output(), "out\nerr\n"; got != want {
		t.Errorf("output: got %q, want %q", got, want)
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	c := shell("trap 'echo saved' TERM EXIT; echo out; echo ready >&2; while :; do sleep 0.01; done", "PATH="+os.Getenv("PATH"))
	c.Stdout = &stdout
	p := Start(t, c)
	waitFor(t, p, "ready\n")
	for range 2 {
		if err := p.Kill(); err != nil {
			t.Errorf("got %v, want nil", err)
		}
	}
	if got, want := stdout.String(), "out\n"; got != want {
		t.Errorf("stdout: got %q, want %q", got, want)
	}
	if got, want := p.Code(), -1; got != want {
		t.Errorf("exit status: got %d, want %d", got, want)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", tailSize)
	if got := tail(long); got != long {
		t.Errorf("got %d bytes, want all %d", len(got), len(long))
	}
	if got, want := tail("lost"+long), "...\n"+long; got != want {
		t.Errorf("got a tail that starts with %.10q, want %.10q", got, want)
	}
}

// waitFor returns once p has printed text.
func waitFor(t *testing.T, p *Process, text string) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(p.Output(), text) {
		select {
		case <-deadline.C:
			t.Fatalf("it printed %q, want %q", p.Output(), text)
		case <-tick.C:
		}
	}
}
