package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/internal/wait"
)

const (
	// maxSettings bounds a file of settings, far beyond any real one.
	maxSettings = 1 << 20
	// maxBody bounds the body of a request: it is kept in memory for every call.
	maxBody = 64 << 20
	// fifoTimeout bounds waiting for a process that opens a FIFO and reads it: long
	// enough for a script that starts the reader next.
	fifoTimeout = 5 * time.Second
	// fifoRetry is the time between two attempts to open a FIFO without a reader.
	fifoRetry = 20 * time.Millisecond
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
	var value T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		value, err = f()
	}()
	select {
	case <-done:
		return value, err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// writeFile writes content to a file. A regular one, also one that a link points to, is
// written completely or not at all; a new one gets the mode perm less the umask. A
// device or a FIFO is written to and never replaced.
func (e *Env) writeFile(ctx context.Context, name string, content []byte, perm fs.FileMode) (err error) {
	defer func() { err = asGiven(err, name) }()
	path := e.path(name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replaceFile(missingTarget(path), content, perm, false)
	case err != nil:
		return err
	}
	if w := e.stream(info); w != nil {
		_, err := w.Write(content)
		return err
	}
	if info.Mode().IsRegular() {
		err := replaceExisting(path, info, content)
		if err == nil || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EBUSY) {
			return err
		}
		// A mount point cannot be replaced, nor can a file in a directory without
		// write permission.
	}
	file, err := openInPlace(ctx, path, info)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		// A FIFO holds 64 kB; more than that waits for its reader. If a FIFO does not
		// support deadlines, writing does not wait.
		_ = file.SetWriteDeadline(time.Now().Add(fifoTimeout))
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// asGiven returns err with the path that the user gave, instead of that of a temporary
// file or of a link's target.
func asGiven(err error, path string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	return err
}

// createFile opens a file for writing, like writeFile, for content that is written
// later: a regular file is truncated at once.
func (e *Env) createFile(ctx context.Context, name string) (file *os.File, err error) {
	defer func() { err = asGiven(err, name) }()
	path := e.path(name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.Create(path) // also what a link points to
	case err != nil:
		return nil, err
	}
	return openInPlace(ctx, path, info)
}

// stream returns the process's stdout or stderr if info describes it, as it does for
// /dev/stdout, else nil: opened a second time, it would overwrite what is printed.
func (e *Env) stream(info fs.FileInfo) io.Writer {
	for _, w := range []io.Writer{e.Stdout, e.Stderr} {
		if file, ok := w.(interface{ Stat() (fs.FileInfo, error) }); ok {
			if own, err := file.Stat(); err == nil && os.SameFile(own, info) {
				return w
			}
		}
	}
	return nil
}

// openInPlace opens an existing file for writing. It waits at most fifoTimeout for the
// reader of a FIFO.
func openInPlace(ctx context.Context, path string, info fs.FileInfo) (*os.File, error) {
	switch kind := info.Mode().Type(); {
	case kind.IsRegular():
		return os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	case kind&fs.ModeSocket != 0:
		return nil, fmt.Errorf("%s is a socket and cannot be written to", path)
	case kind&fs.ModeNamedPipe == 0:
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	ctx, cancel := context.WithTimeout(ctx, fifoTimeout)
	defer cancel()
	for {
		file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return file, err
		}
		if wait.For(ctx, fifoRetry) != nil {
			return nil, fmt.Errorf("no process reads from the FIFO %s", path)
		}
	}
}

// replaceExisting replaces the file at path, or the one that a link there points to.
// It keeps the mode of the file.
func replaceExisting(path string, info fs.FileInfo, content []byte) error {
	name, err := filepath.EvalSymlinks(path)
	if target, statErr := os.Lstat(name); err != nil || statErr != nil || !os.SameFile(target, info) {
		// Some links of /proc point to a file that has no name.
		return fmt.Errorf("%s: %w", path, fs.ErrPermission)
	}
	return replaceFile(name, content, info.Mode().Perm(), true)
}

// replaceFile creates or replaces the file at path, completely or not at all, with the
// mode perm, which the umask restricts unless exact is set.
func replaceFile(path string, content []byte, perm fs.FileMode, exact bool) error {
	temporary := fmt.Sprintf("%s.%016x", path, rand.Uint64())
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if exact && err == nil {
		err = file.Chmod(perm)
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
	}
	return err
}

// missingTarget returns the file that does not exist: path, or what a link there points
// to in the end.
func missingTarget(path string) string {
	for {
		target, err := os.Readlink(path)
		if err != nil {
			return path
		}
		if !filepath.IsAbs(target) {
			// Not filepath.Join: ".." is relative to where the directory really is.
			dir, _ := filepath.Split(path)
			target = dir + target
		}
		path = target
	}
}

// writeAddrFile writes addrs, name to host:port, as JSON to path, so that a script
// can read the ports that were chosen. With an empty path it does nothing.
func (a *app) writeAddrFile(ctx context.Context, path string, addrs map[string]string) error {
	if path == "" {
		return nil
	}
	content, err := json.MarshalIndent(addrs, "", "  ")
	if err == nil {
		err = a.env.writeFile(ctx, path, append(content, '\n'), 0o666)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EISDIR):
		return usageError(hint.New(fmt.Errorf("--addr-file: %w", err), "name a file"))
	default:
		return fmt.Errorf("--addr-file: %w", err)
	}
}
