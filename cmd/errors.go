package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/otdemo/otdemo/internal/hint"
)

// The exit codes of all commands; docs/exit-codes.md defines them for each command.
const (
	exitOK          = 0
	exitFailed      = 1 // a check failed, a call failed or spans were lost
	exitUsage       = 2 // invalid usage or configuration; nothing was done
	exitUnknown     = 3 // inconclusive
	exitInterrupted = 130
)

// exitError carries an exit code up to Main. A nil err means that everything has
// been printed already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }

// usageError marks err as the caller's mistake, unless a signal is its cause.
func usageError(err error) error { return failWith(exitUsage, err) }

// unknownError marks err as one that leaves the result open, unless a signal is its
// cause.
func unknownError(err error) error { return failWith(exitUnknown, err) }

func failWith(code int, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return &exitError{code: code, err: err}
}

// exitCode returns the process's exit code for the error of a command: exitFailed
// unless the error carries another.
func exitCode(err error) int {
	exit, ok := errors.AsType[*exitError](err)
	switch {
	case err == nil:
		return exitOK
	case ok:
		return exit.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailed
	}
}

// printError writes err as "otdemo: error: ..." lines, one for each error that
// was joined, each followed by its hint.
func printError(w io.Writer, err error) {
	if exit, ok := errors.AsType[*exitError](err); ok && exit.err == nil {
		return
	}
	for _, e := range split(err) {
		text := e.Error()
		if text == context.Canceled.Error() {
			text = "interrupted"
		}
		printLine(w, "error", text)
		printHint(w, hint.Of(e))
	}
}

// split returns the errors that were joined, also below an exitError.
func split(err error) []error {
	if exit, ok := err.(*exitError); ok { //nolint:errorlint // only the outermost one is removed
		err = exit.err
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, split(e)...)
	}
	return all
}
