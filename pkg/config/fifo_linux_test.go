package config_test

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// A pipe nobody writes to, a socket and a device that never ends stop nothing.
func TestIrregularFile(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "config.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, tt := range []struct {
		src  config.Source
		want []string
	}{
		{config.Source{Dir: dir}, []string{`cannot read "config.yaml": not a regular file`}},
		{config.Source{Dir: dir, File: "config.yaml"}, []string{`--config: cannot read "config.yaml": not a regular file`}},
		{config.Source{Dir: dir, File: "socket"}, []string{`--config: cannot read "socket": not a regular file`}},
		{config.Source{Dir: dir, File: "/dev/zero"}, []string{`--config: cannot read "/dev/zero": not a regular file`}},
		{config.Source{Dir: dir, File: "/dev/null"}, nil},
	} {
		_, err := config.Load(tt.src)
		if diff := cmp.Diff(tt.want, said(err)); diff != "" {
			t.Errorf("%q: Load says (-want +got):\n%s", tt.src.File, diff)
		}
	}
}
