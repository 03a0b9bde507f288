package jaegers

import (
	"archive/zip"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeRelease names a release that only fakeProxy has.
func fakeRelease() Release {
	return Release{Name: "0.1", Version: "v0.1.0", mainPackage: "./cmd/fake"}
}

func TestBuildTakesWhatIsThere(t *testing.T) {
	emptyCache(t)
	t.Setenv("PATH", "") // no go command to be found
	r := fakeRelease()
	want, err := r.Program().cachePath()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(want), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(want, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := Build(t.Context(), r.Program(), slog.New(slog.DiscardHandler))
	if err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestBuildMakesWhatIsMissing(t *testing.T) {
	emptyCache(t)
	fakeProxy(t)
	r := fakeRelease()

	_, err := r.Path()
	missing, ok := errors.AsType[*MissingError](err)
	if !ok || missing.Hint() != "go -C integration run ./buildjaeger" {
		t.Fatalf("before the build: got %v, want a MissingError with its hint", err)
	}
	path, err := Build(t.Context(), r.Program(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path).CombinedOutput()
	if got, want := string(out), "fake jaeger\n"; err != nil || got != want {
		t.Errorf("the program printed %q, %v, want %q", got, err, want)
	}
	if got, err := r.Path(); err != nil || got != path {
		t.Errorf("after the build: got %q, %v, want %q", got, err, path)
	}
	onlyFiles(t, filepath.Dir(path), filepath.Base(path))
}

func TestBuildThatFailsLeavesNothing(t *testing.T) {
	emptyCache(t)
	fakeProxy(t)
	tests := []struct {
		name    string
		release Release
		want    string
	}{
		{
			"no such version",
			Release{Name: "0.2", Version: "v0.2.0", mainPackage: "./cmd/fake"},
			"download jaeger 0.2: ",
		},
		{
			"does not compile",
			Release{Name: "0.1", Version: "v0.1.0", mainPackage: "./cmd/broken"},
			"build jaeger 0.1: go build: exit status 1\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, err := Build(t.Context(), test.release.Program(), slog.New(slog.DiscardHandler))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %q, %v, want an error that starts with %q", path, err, test.want)
			}
			place, err := test.release.Program().cachePath()
			if err != nil {
				t.Fatal(err)
			}
			onlyFiles(t, filepath.Dir(place))
		})
	}
}

// emptyCache gives the test a user's cache of its own, but the real build cache.
func emptyCache(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(out)))
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
}

// fakeProxy points the go command to a module proxy that has one small version of
// Jaeger's module, which replaces another module as the real ones do.
func fakeProxy(t *testing.T) {
	t.Helper()
	const (
		goMod   = "module " + module + "\n\nreplace example.com/a => example.com/b v1.0.0\n"
		program = "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"fake jaeger\\n\") }\n"
	)
	proxy, modcache := t.TempDir(), t.TempDir()
	versions := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		t.Fatal(err)
	}
	archive, err := os.Create(filepath.Join(versions, "v0.1.0.zip"))
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(archive)
	for name, text := range map[string]string{
		"go.mod": goMod, "cmd/fake/main.go": program, "cmd/broken/main.go": "package main\n",
	} {
		f, err := w.Create(module + "@v0.1.0/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), archive.Close()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"v0.1.0.mod": goMod, "v0.1.0.info": `{"Version":"v0.1.0"}`} {
		if err := os.WriteFile(filepath.Join(versions, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(proxy))
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GOMODCACHE", modcache)
	// The go command makes its module cache read-only, which a plain user's
	// removal of the test's directories would stumble over.
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "go", "clean", "-modcache").CombinedOutput(); err != nil {
			t.Errorf("clean the module cache: %v\n%s", err, out)
		}
	})
}

// onlyFiles fails the test unless dir holds just the named files.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}
