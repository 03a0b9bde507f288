// Package hint has the error with a remedy, which the command prints on a line of
// its own. Start at New; Of finds the hint in an error.
package hint

import "errors"

// New returns err with a hint: what to do about it, in the imperative, pasteable.
func New(err error, hint string) error { return &hinted{err, hint} }

type hinted struct {
	error
	hint string
}

// Hint returns the remedy.
func (e *hinted) Hint() string { return e.hint }

// Unwrap returns the error that New was given.
func (e *hinted) Unwrap() error { return e.error }

// Of returns the hint of the first error in err's tree that has one, and "" if none
// has. Any error with a method Hint counts.
func Of(err error) string {
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return h.Hint()
	}
	return ""
}
