//go:build storage

package deploy

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/docker"
)

// layer is the one layer of an image from scratch. What goes wrong fails the test.
type layer struct {
	t    *testing.T
	name string
	file *os.File
	tar  *tar.Writer
	has  map[string]bool
}

func newLayer(t *testing.T) *layer {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "layer.tar"))
	if err != nil {
		t.Fatal(err)
	}
	return &layer{t: t, name: file.Name(), file: file, tar: tar.NewWriter(file), has: make(map[string]bool)}
}

// add puts the file into the image, with the permissions and, for a link, the
// content of what it leads to.
func (l *layer) add(inside, file string) {
	l.t.Helper()
	inside = path.Clean(inside)
	if l.has[inside] {
		return
	}
	l.has[inside] = true
	if err := l.write(inside, file); err != nil {
		l.t.Fatalf("put %s into an image: %v", file, err)
	}
}

func (l *layer) write(inside, file string) error {
	source, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("open it: %w", err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return fmt.Errorf("measure it: %w", err)
	}
	// What only its owner may read, another user shall read in there.
	header := tar.Header{
		Name: strings.TrimPrefix(inside, "/"), Mode: int64(info.Mode().Perm() | 0o444), Size: info.Size(), Typeflag: tar.TypeReg,
	}
	if err := l.tar.WriteHeader(&header); err != nil {
		return fmt.Errorf("write its header: %w", err)
	}
	if _, err := io.Copy(l.tar, source); err != nil {
		return fmt.Errorf("write it: %w", err)
	}
	return nil
}

// directory makes an empty one that belongs to the user with this number.
func (l *layer) directory(inside string, mode int64, user int) {
	l.t.Helper()
	header := tar.Header{Name: strings.TrimPrefix(inside, "/") + "/", Mode: mode, Uid: user, Gid: user, Typeflag: tar.TypeDir}
	if err := l.tar.WriteHeader(&header); err != nil {
		l.t.Fatalf("make %s in an image: %v", inside, err)
	}
}

// tree adds all files below a directory but those that links lead to and are not
// there.
func (l *layer) tree(inside, dir string) {
	l.t.Helper()
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		rest, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		l.add(path.Join(inside, filepath.ToSlash(rest)), name)
		return nil
	})
	if err != nil {
		l.t.Fatalf("put %s into an image: %v", dir, err)
	}
}

// library is a line of ldd: "name => /path (address)", or for the loader without
// the arrow.
var library = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// libraries adds the shared libraries that programs of this machine need, where
// they look for them.
func (l *layer) libraries(programs ...string) {
	l.t.Helper()
	for _, program := range programs {
		out, err := exec.CommandContext(l.t.Context(), "ldd", program).CombinedOutput()
		if err != nil {
			l.t.Fatalf("ldd %s: %v\n%s", program, err, out)
		}
		for _, m := range library.FindAllStringSubmatch(string(out), -1) {
			l.add(m[1], m[1])
		}
	}
}

// into makes the image. The changes are lines of a Dockerfile.
func (l *layer) into(e *docker.Engine, tag string, changes ...string) {
	l.t.Helper()
	if err := l.tar.Close(); err != nil {
		l.t.Fatalf("finish image %s: %v", tag, err)
	}
	if err := l.file.Close(); err != nil {
		l.t.Fatalf("finish image %s: %v", tag, err)
	}
	args := []string{"import"}
	for _, change := range changes {
		args = append(args, "--change", change)
	}
	e.Docker(l.t, append(args, l.name, tag)...)
	// It is as large as the image, and the engine has it now.
	if err := os.Remove(l.name); err != nil {
		l.t.Error(err)
	}
}
