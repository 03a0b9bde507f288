package cmd

import (
	"context"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/otdemo/otdemo/pkg/printable"
)

// Env is the process as a value: everything that a command gets from its environment.
// Only this file uses the state of package os and signals.
type Env struct {
	Args    []string // without the name of the program
	Environ []string // of "KEY=value"
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	// Dir is the working directory, UserConfigDir the user's configuration
	// directory; either may be empty.
	Dir           string
	UserConfigDir string
	OS            string // as in runtime.GOOS
	// MemoryLimit is the memory limit of the process's control groups in bytes, 0 for
	// no limit.
	MemoryLimit int64
	Now         func() time.Time
	Listen      func(ctx context.Context, network, address string) (net.Listener, error)
	// Interrupt returns a context that ends at the first SIGINT or SIGTERM. Another
	// signal within a second counts as the same one; a later one kills the process.
	// The returned function restores the default handling.
	Interrupt func(ctx context.Context) (context.Context, context.CancelFunc)
	// StdoutTerminal and StderrTerminal report whether the streams are terminals.
	StdoutTerminal, StderrTerminal bool
	// Width is the terminal's width in columns, 0 if stdout is not a terminal.
	Width int
}

// OSEnv returns the environment of the real process.
func OSEnv() *Env {
	// Some libraries log here only, and quote untrusted input.
	log.SetOutput(printable.TextWriter(os.Stderr))
	env := &Env{
		Args:           os.Args[1:],
		Environ:        os.Environ(),
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		OS:             runtime.GOOS,
		Now:            time.Now,
		Listen:         (&net.ListenConfig{}).Listen,
		Interrupt:      interrupt,
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	env.MemoryLimit = cgroupLimit(os.ReadFile)
	// Without these two no configuration file is found.
	env.Dir, _ = os.Getwd()
	env.UserConfigDir, _ = os.UserConfigDir()
	// 0 if stdout is not a terminal.
	env.Width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	return env
}

// signalEcho is how long after the first signal another one counts as the same one:
// GNU timeout, npm and Docker's wrappers signal a process and then its group, so that
// the process receives two. To kill a process that hangs, send another one later.
const signalEcho = time.Second

// interrupt is OSEnv's Interrupt.
func interrupt(parent context.Context) (context.Context, context.CancelFunc) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return endAtSignal(parent, signals, func() { signal.Stop(signals) })
}

// endAtSignal returns a context that ends at the first signal. It calls restore, which
// makes signals kill the process again, when signalEcho has passed since then, when
// parent ends, or when the returned function is called, which ends the context too.
func endAtSignal(parent context.Context, signals <-chan os.Signal, restore func()) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(parent)
	watched, unwatch := context.WithCancel(parent)
	var watching sync.WaitGroup
	watching.Go(func() {
		defer restore()
		select {
		case <-signals:
		case <-watched.Done():
			return
		}
		end()
		echo := time.NewTimer(signalEcho)
		defer echo.Stop()
		select {
		case <-echo.C:
		case <-watched.Done():
		}
	})
	return ctx, func() {
		unwatch()
		watching.Wait()
		end()
	}
}

// path returns name relative to the working directory as an absolute path.
func (e *Env) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}

// Getenv returns the variable's value, or "" when it is not set.
func (e *Env) Getenv(name string) string {
	value := ""
	for _, entry := range e.Environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v // the last one wins, as in os/exec
		}
	}
	return value
}
