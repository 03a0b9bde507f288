package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	// maxSettings bounds a file of settings, far beyond any real one.
	maxSettings = 1 << 20
	// maxBody bounds the body of a request: it is kept in memory for every call.
	maxBody = 64 << 20
)

// readFile reads the file that name names, as seen from the working directory. It may
// wait for a pipe, such as that of a shell's <(command), and ends with ctx. A file
// larger than limit bytes is an error, and so one without an end.
func (e *Env) readFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	return interruptible(ctx, func() ([]byte, error) {
		file, err := os.Open(e.path(name))
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			pathErr.Path = name
		}
		if err != nil {
			return nil, err
		}
		defer file.Close()
		content, err := io.ReadAll(io.LimitReader(file, limit+1))
		if err == nil && int64(len(content)) > limit {
			err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("larger than %d MiB", limit>>20)}
		}
		return content, err
	})
}

// interruptible returns what f returns, or the error of ctx when that ends first. It
// then leaves f to itself: nothing ends a thread that waits for a pipe to be opened,
// and the process ends soon.
func interruptible[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
