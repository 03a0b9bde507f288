package cmd

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

func contentOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeOrFail(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
}

// modeOf returns the mode of path, without following links.
func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestWriteFileRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := &Env{Dir: dir}
	// 0666 less the umask, as the system applies it.
	masked, err := os.OpenFile(filepath.Join(dir, "masked"), os.O_CREATE, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	masked.Close()
	for _, test := range []struct {
		name string
		perm fs.FileMode
		want fs.FileMode
	}{
		{"new", 0o666, modeOf(t, masked.Name())},
		{"private", 0o600, 0o600},
		{"old", 0o666, 0o640},
	} {
		path := filepath.Join(dir, test.name)
		if test.name == "old" {
			writeOrFail(t, path, "a longer content than the new one")
			if err := os.Chmod(path, 0o640); err != nil {
				t.Fatal(err)
			}
		}
		if err := env.writeFile(t.Context(), test.name, []byte("new"), test.perm); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got, mode := contentOf(t, path), modeOf(t, path); got != "new" || mode != test.want {
			t.Errorf("%s: got %q with mode %v, want %v", test.name, got, mode, test.want)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4 {
		t.Errorf("got %v, %v: want no temporary file", left, err)
	}
}

// A link is kept, whether it points to a file, to nothing or to another link.
func TestWriteFileLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := &Env{Dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeOrFail(t, filepath.Join(dir, "file"), "old")
	for link, target := range map[string]string{
		"to-file": "file", "to-nothing": filepath.Join("a", "new"), "to-link": "to-file",
		"dir": filepath.Join("a", "b"), filepath.Join("a", "b", "up"): filepath.Join("..", "above"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	for link, file := range map[string]string{
		"to-file": "file", "to-nothing": filepath.Join("a", "new"), "to-link": "file",
		filepath.Join("dir", "up"): filepath.Join("a", "above"),
	} {
		if err := env.writeFile(t.Context(), link, []byte(link), 0o666); err != nil {
			t.Errorf("%s: %v", link, err)
			continue
		}
		if mode := modeOf(t, filepath.Join(dir, link)); mode&fs.ModeSymlink == 0 {
			t.Errorf("%s: replaced by %v", link, mode)
		}
		if got := contentOf(t, filepath.Join(dir, file)); got != link {
			t.Errorf("%s: got %q in %s", link, got, file)
		}
	}
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := env.writeFile(t.Context(), "loop", nil, 0o666); err == nil {
		t.Error("a link to itself was written to")
	}
}

// A path that is the process's own stdout is written to at its current position.
func TestWriteFileStdout(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	stdout, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	env := &Env{Stdout: stdout, Stderr: io.Discard}
	io.WriteString(stdout, "one\n") //nolint:errcheck // seen below
	if err := env.writeFile(t.Context(), path, []byte("two\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	io.WriteString(stdout, "three\n") //nolint:errcheck // seen below
	if got, want := contentOf(t, path), "one\ntwo\nthree\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWriteFileDirectory(t *testing.T) {
	t.Parallel()
	env := &Env{Dir: t.TempDir()}
	for _, path := range []string{".", filepath.Join("no", "such", "file")} {
		err := env.writeFile(t.Context(), path, []byte("x"), 0o666)
		if err == nil || !strings.HasPrefix(err.Error(), "open "+path+": ") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// The rest needs kinds of files that only some systems support.
func testFIFO(t *testing.T, path string) {
	t.Helper()
	env := &Env{}
	read := make(chan string)
	for _, content := range []string{"small", strings.Repeat("x", 300_000)} {
		go func() {
			file, err := os.Open(path)
			if err != nil {
				read <- err.Error()
				return
			}
			var got bytes.Buffer
			_, _ = got.ReadFrom(file)
			file.Close() // first: the next writer must not find this reader
			read <- got.String()
		}()
		if err := env.writeFile(t.Context(), path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if got := <-read; got != content {
			t.Errorf("got %d bytes, want %d", len(got), len(content))
		}
	}
	if mode := modeOf(t, path); mode&fs.ModeNamedPipe == 0 {
		t.Errorf("the FIFO has become %v", mode)
	}
	// Without a reader it ends with the context or after fifoTimeout.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := env.writeFile(ctx, path, []byte("x"), 0o666); err == nil || !strings.Contains(err.Error(), "no process reads from the FIFO") {
		t.Errorf("got %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		_, err := env.createFile(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), "no process reads from the FIFO") {
			t.Errorf("got %v", err)
		}
	})
}
