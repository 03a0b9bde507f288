// Package process runs the programs that a test needs, keeps what they print,
// and lets none of them outlive its test. Start at Run for a program that ends by
// itself and at Start for one that runs beside the test.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// StopGrace is the time between the request to stop and the kill. Jaeger
	// 2.13 takes 10 s to stop while it cannot deliver spans of its own.
	StopGrace = 15 * time.Second
	// tailSize bounds what a failed test shows of a log, in bytes.
	tailSize = 16 << 10
)

// Command is a program and all that it sees of its surroundings.
type Command struct {
	Path string
	Args []string
	// Env is the whole environment, so that no variable of whoever runs the
	// tests reaches the program.
	Env []string
	// Dir is the working directory; empty takes the test's own.
	Dir string
	// Stdout takes what a started program prints on stdout; nil sends it to the
	// log. It may be read once the program has ended. Run has a Result for it.
	Stdout io.Writer
}

// Exec returns c ready to be started: with no environment but its own, killed when ctx
// ends, and not outliving its parent.
func (c Command) Exec(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env = append([]string{}, c.Env...)
	cmd.Dir = c.Dir
	cmd.SysProcAttr = endWithParent()
	return cmd
}

// Result is how a program ended.
type Result struct {
	Stdout, Stderr string
	// Code is the exit status, or -1 after a signal.
	Code int
}

// Run runs the program to its end and fails the test when it cannot be started
// or takes longer than timeout.
func Run(t *testing.T, timeout time.Duration, c Command) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := c.Exec(ctx)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s %q did not end within %s\nstdout:\n%s\nstderr:\n%s",
			c.Path, c.Args, timeout, &stdout, &stderr)
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("run %s: %v", c.Path, err)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
}

// Process is a program that runs beside a test. Its methods may be called from
// several goroutines.
type Process struct {
	cmd   *exec.Cmd
	log   string
	grace time.Duration
	done  chan struct{}
	// err is how the program ended. Valid once done is closed.
	err  error
	stop func() error
}

// Start runs the program until Stop is called or the test ends, and fails the
// test when it cannot be started. What it prints goes to a file in the test's
// artifact directory, whose end is shown when the test fails.
func Start(t *testing.T, c Command) *Process {
	t.Helper()
	name := filepath.Base(c.Path)
	out, err := os.CreateTemp(t.ArtifactDir(), name+"-*.log")
	if err != nil {
		t.Fatalf("create a log for %s: %v", name, err)
	}
	defer out.Close()
	// The test's own context ends before the cleanups: it would kill the program
	// instead of asking it to stop.
	cmd := c.Exec(context.WithoutCancel(t.Context()))
	cmd.Stdout, cmd.Stderr = out, out
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", c.Path, err)
	}
	p := &Process{cmd: cmd, log: out.Name(), grace: StopGrace, done: make(chan struct{})}
	p.stop = sync.OnceValue(p.terminate)
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Logf("%s: %v", name, err)
		}
		if t.Failed() {
			t.Logf("end of what %s printed:\n%s", name, tail(p.Output()))
		}
	})
	return p
}

// Stop asks the program to end with SIGTERM, waits, and kills it when it takes
// longer than 15 s. It returns nil when the program ended with exit status 0,
// even if that was before; further calls return the same.
func (p *Process) Stop() error { return p.stop() }

func (p *Process) terminate() error {
	if err := Terminate(p.cmd.Process, p.done, p.grace); err != nil {
		return err
	}
	return p.err
}

// Terminate sends SIGTERM to a program, and SIGKILL when done is not closed within
// grace. It returns when done is closed, with an error if the program was killed.
func Terminate(program *os.Process, done <-chan struct{}, grace time.Duration) error {
	if err := program.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ask to stop: %w", err)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
	}
	if err := kill(program, done); err != nil {
		return err
	}
	return fmt.Errorf("killed: still running %s after SIGTERM", grace)
}

// Kill ends the program at once, as SIGKILL or the kernel out of memory does: it
// cannot save anything. Kill returns when the program has ended.
func (p *Process) Kill() error { return kill(p.cmd.Process, p.done) }

func kill(program *os.Process, done <-chan struct{}) error {
	if err := program.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill: %w", err)
	}
	<-done
	return nil
}

// Code returns the exit status of a program that has ended, or -1 after a signal.
// It waits for the end.
func (p *Process) Code() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// ID returns the program's process id.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended, for whatever reason.
func (p *Process) Done() <-chan struct{} { return p.done }

// Output returns what the program has printed so far, both streams in the order
// in which it wrote them.
func (p *Process) Output() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return fmt.Sprintf("(its log cannot be read: %v)", err)
	}
	return string(b)
}

// tail returns the end of s, marked when something is missing.
func tail(s string) string {
	if len(s) <= tailSize {
		return s
	}
	return "...\n" + s[len(s)-tailSize:]
}
