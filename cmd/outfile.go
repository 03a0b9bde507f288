package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// fifoTimeout bounds waiting for a process that opens a FIFO and reads it: long enough
// for a script that starts the reader next.
const fifoTimeout = 5 * time.Second

// fifoRetry is how long until a FIFO without a reader is tried again.
const fifoRetry = 20 * time.Millisecond

// writeFile writes content to what stands at path. A regular file, also one that a
// link points to, gets its whole content or none, and a new one the mode perm less
// the umask. A device and a FIFO are written to and never replaced.
func (e *Env) writeFile(ctx context.Context, path string, content []byte, perm fs.FileMode) error {
	return asGiven(writeFile(ctx, e, e.path(path), content, perm), path)
}

// asGiven is err about the path that the user gave, which is not that of a temporary
// file or of a link's end.
func asGiven(err error, path string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	return err
}

func writeFile(ctx context.Context, e *Env, path string, content []byte, perm fs.FileMode) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		name, err := linkTarget(path)
		if err != nil {
			return err
		}
		return replaceFile(name, content, perm, false)
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
		// A mount point cannot be replaced, nor a file in a directory of somebody
		// else's.
	}
	file, err := openInPlace(ctx, path, info)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		// A FIFO takes 64 kB, and what is more waits for its reader. Where a FIFO
		// cannot have a deadline, writing does not wait.
		_ = file.SetWriteDeadline(time.Now().Add(fifoTimeout))
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// createFile opens what stands at path for writing, as writeFile does but for a
// content that is still to come: a regular file is emptied at once.
func (e *Env) createFile(ctx context.Context, path string) (*os.File, error) {
	file, err := createFile(ctx, e.path(path))
	return file, asGiven(err, path)
}

func createFile(ctx context.Context, path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.Create(path) // also what a link points to
	case err != nil:
		return nil, err
	}
	return openInPlace(ctx, path, info)
}

// stream returns the process's stdout or stderr where info describes it, as it does
// for /dev/stdout: opened once more, it would overwrite what is printed.
func (e *Env) stream(info fs.FileInfo) io.Writer {
	for _, w := range []io.Writer{e.Stdout, e.Stderr} {
		file, ok := w.(interface{ Stat() (fs.FileInfo, error) })
		if !ok {
			continue
		}
		if own, err := file.Stat(); err == nil && os.SameFile(own, info) {
			return w
		}
	}
	return nil
}

// openInPlace opens what is there already. It waits for the reader of a FIFO no
// longer than fifoTimeout.
func openInPlace(ctx context.Context, path string, info fs.FileInfo) (*os.File, error) {
	switch kind := info.Mode().Type(); {
	case kind.IsRegular():
		return os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	case kind&fs.ModeSocket != 0:
		return nil, fmt.Errorf("%s is a socket, which cannot be written to", path)
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
		if !pauseFor(ctx, fifoRetry) {
			return nil, fmt.Errorf("no process reads the FIFO %s", path)
		}
	}
}

// replaceExisting is replaceFile for the file at path, or the one that a link there
// points to. It keeps the file's mode.
func replaceExisting(path string, info fs.FileInfo, content []byte) error {
	name, err := linkTarget(path)
	if err != nil {
		return err
	}
	if target, err := os.Lstat(name); err != nil || !os.SameFile(target, info) {
		// Some links of /proc point to a file that has no name.
		return fmt.Errorf("%s: %w", path, fs.ErrPermission)
	}
	return replaceFile(name, content, info.Mode().Perm(), true)
}

// replaceFile puts a file with content and the mode perm at path, whole or not at
// all. The umask counts unless the mode is exact.
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

// maxLinks is how many links Linux follows, too.
const maxLinks = 40

// linkTarget returns path, or where the links that begin there end; nothing needs to
// be there.
func linkTarget(path string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			dir, err := filepath.EvalSymlinks(filepath.Dir(path)) // else ".." would lead elsewhere
			if err != nil {
				return "", err
			}
			target = filepath.Join(dir, target)
		}
		path = target
	}
	return "", fmt.Errorf("%s: too many links", path)
}
