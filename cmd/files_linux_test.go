package cmd

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteFileFIFO(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	testFIFO(t, path)
}

func TestWriteFileSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "socket")
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	err = (&Env{}).writeFile(t.Context(), path, []byte("x"), 0o666)
	if err == nil || !strings.Contains(err.Error(), "is a socket") || modeOf(t, path)&fs.ModeSocket == 0 {
		t.Errorf("got %v, and %v", err, modeOf(t, path))
	}
}

// A device node of the test, which behaves like /dev/null.
func TestWriteFileDevice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "null"), filepath.Join(dir, "link")
	const null = 1<<8 | 3
	if err := syscall.Mknod(path, syscall.S_IFCHR|0o666, null); err != nil {
		t.Skip("only root makes devices: ", err)
	}
	if err := os.Symlink("null", link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		if err := (&Env{}).writeFile(t.Context(), name, []byte("x"), 0o666); errors.Is(err, fs.ErrPermission) {
			t.Skip("devices cannot be used here: ", err)
		} else if err != nil {
			t.Fatal(err)
		}
		file, err := (&Env{}).createFile(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	if mode := modeOf(t, path); mode&fs.ModeCharDevice == 0 {
		t.Errorf("the device has become %v", mode)
	}
	if mode := modeOf(t, link); mode&fs.ModeSymlink == 0 {
		t.Errorf("the link has become %v", mode)
	}
}
