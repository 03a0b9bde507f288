//go:build storage

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDockerfile has docker compose build the image as the first lines of the
// compose files do, from a builder's image that is this machine's Go, a shell, and
// the modules, and runs it.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	p := newProject(t, "compose.memory.yaml")
	p.own(t)
	p.Docker(t, "rmi", "otdemo:local")
	builderImage(t, p)
	p.compose(t, upTimeout, "up", "-d", "--build")
	p.proveWell(t)

	image := p.Docker(t, "inspect", "-f", "{{.Config.User}} {{len .RootFS.Layers}}", "otdemo:local")
	if got, want := strings.TrimSpace(image), "10001:10001 2"; got != want {
		t.Errorf("user and layers: got %q, want %q: the authorities and the program", got, want)
	}
	if got := p.try(t, runTimeout, "run", "--rm", "--entrypoint", "/bin/sh", "check"); got.Code == 0 {
		t.Error("the image has a shell")
	}
	p.compose(t, runTimeout, "down")
}

// builderImage makes the image that the Dockerfile builds from, under its name.
func builderImage(t *testing.T, p *project) {
	t.Helper()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	from := regexp.MustCompile(`(?m)^FROM (golang:\S+) AS build$`).FindSubmatch(text)
	if from == nil {
		t.Fatal("the Dockerfile is not built from golang")
	}
	l := newLayer(t)
	root := goEnv(t, "GOROOT")
	for _, dir := range []string{"bin", "lib", "pkg/include", "pkg/tool", "src"} {
		l.tree("/usr/local/go/"+dir, filepath.Join(root, filepath.FromSlash(dir)))
	}
	l.add("/usr/local/go/go.env", filepath.Join(root, "go.env"))
	l.add("/usr/local/go/VERSION", filepath.Join(root, "VERSION"))
	l.tree("/proxy", modules(t))
	l.add("/bin/sh", "/bin/sh")
	l.libraries("/bin/sh")
	l.add("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt")
	l.directory("/tmp", 0o1777, 0)
	l.into(
		p.Engine, string(from[1]),
		"ENV PATH=/usr/local/go/bin:/bin GOPATH=/go GOTOOLCHAIN=local GOPROXY=file:///proxy GOSUMDB=off",
	)
}

// modules returns a module proxy in a directory with just what otdemo needs, from
// what the build of this test has put into the module cache.
func modules(t *testing.T) string {
	t.Helper()
	cache := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download")
	cmd.Dir = "../.."
	cmd.Env = append(
		os.Environ(), "GOFLAGS=-modcacherw", "GOSUMDB=off", "GOMODCACHE="+cache,
		"GOPROXY=file://"+filepath.ToSlash(filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"))+","+goEnv(t, "GOPROXY"),
	)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("copy the modules: %v\n%s", err, out)
	}
	return filepath.Join(cache, "cache", "download")
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatalf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}
