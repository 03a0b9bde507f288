// Package child runs the programs that are measured, and tells what each one
// cost: wall time, processor time of its own, and memory. Start at Run for a
// program that ends by itself and at Start for one that runs beside it.
package child

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

// Cost is what a program took from its start to its end.
type Cost struct {
	Wall time.Duration
	// CPU is the user and system time of the program and of no other.
	CPU time.Duration
}

// Run runs a program to its end, with stdout going to out. A program that ends
// with another exit status than 0 is an error, which quotes what it said on
// stderr.
func Run(ctx context.Context, c process.Command, out io.Writer) (Cost, error) {
	var stderr bytes.Buffer
	cmd := c.Exec(ctx)
	cmd.Stdout, cmd.Stderr = out, &stderr
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	if err != nil {
		return Cost{}, fmt.Errorf("%s %q: %w\n%s", filepath.Base(c.Path), c.Args, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return Cost{Wall: wall, CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// Child is a program that runs beside the measurement.
type Child struct {
	cmd    *exec.Cmd
	name   string
	output *bytes.Buffer
	done   chan struct{}
	// err is how the program ended, and output is all that it said. Both are valid
	// once done is closed.
	err  error
	stop func() error
}

// Start runs a program until Stop is called or ctx ends. The caller must call
// Stop.
func Start(ctx context.Context, c process.Command) (*Child, error) {
	child := &Child{
		cmd:    c.Exec(ctx),
		name:   filepath.Base(c.Path),
		output: new(bytes.Buffer),
		done:   make(chan struct{}),
	}
	child.stop = sync.OnceValue(child.terminate)
	child.cmd.Stdout, child.cmd.Stderr = child.output, child.output
	if err := child.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", child.name, err)
	}
	go func() {
		defer close(child.done)
		child.err = child.cmd.Wait()
	}()
	return child, nil
}

// Done is closed when the program has ended, for whatever reason.
func (c *Child) Done() <-chan struct{} { return c.done }

// Stop asks the program to end with SIGTERM, waits, and kills it when it takes
// longer than 15 s. It returns nil when the program ended with exit status 0; the
// error quotes what the program said. Further calls return the same.
func (c *Child) Stop() error { return c.stop() }

func (c *Child) terminate() error {
	err := process.Terminate(c.cmd.Process, c.done, process.StopGrace)
	select {
	case <-c.done:
	default:
		return fmt.Errorf("%s: %w", c.name, err) // it could not be signalled
	}
	if err = cmp.Or(err, c.err); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, bytes.TrimSpace(c.output.Bytes()))
	}
	return nil
}
