package docker

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

const (
	// startTimeout is for the engine's start, which takes two seconds.
	startTimeout = 60 * time.Second
	startPoll    = 50 * time.Millisecond
	// commandTimeout bounds a docker command; to import an image takes a second.
	commandTimeout = 60 * time.Second
)

// Engine is a Docker engine in namespaces of its own that runs until its test
// ends, and its containers with it.
type Engine struct {
	// Host is its address, as DOCKER_HOST wants it.
	Host string

	dir string
	pid int
}

// tools are what an engine needs besides Linux and root. Debian has them in
// docker.io, iptables, iproute2 and util-linux.
func tools() []string { return []string{"dockerd", "docker", "iptables", "ip", "nsenter"} }

// setUp makes a fresh network usable and hides the engine of the machine, if it
// has one. exec makes dockerd the first process of its namespace, so that all
// containers end with it.
const setUp = `mount -t proc proc /proc && mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"`

// NewEngine starts an engine. It skips the test where there cannot be one, but on
// CI, which has everything, it fails it.
func NewEngine(t *testing.T) *Engine {
	t.Helper()
	if why := missing(); why != "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("no Docker engine on CI: %s", why)
		}
		t.Skipf("no Docker engine: %s", why)
	}
	// The name of a socket must be short.
	dir, err := os.MkdirTemp("", "engine-*") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the engine's data: %v", err)
		}
	})
	e := &Engine{Host: "unix://" + filepath.Join(dir, "docker.sock"), dir: dir}
	log, done := e.start(t)
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for {
		if e.Try(t, "info").Code == 0 {
			return e
		}
		select {
		case <-done:
			t.Fatalf("dockerd ended before it answered\n%s", read(t, log))
		case <-deadline.C:
			t.Fatalf("dockerd did not answer within %s\n%s", startTimeout, read(t, log))
		case <-tick.C:
		}
	}
}

// missing says what an engine would need that is not here.
func missing() string {
	if os.Geteuid() != 0 {
		return "not root"
	}
	for _, tool := range tools() {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is not installed"
		}
	}
	return ""
}

// start runs dockerd and returns where it logs; done is closed when it has ended.
func (e *Engine) start(t *testing.T) (log string, done <-chan struct{}) {
	t.Helper()
	log = filepath.Join(t.ArtifactDir(), "dockerd.log")
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	// The test's own context ends before the cleanups.
	cmd := exec.CommandContext(
		context.WithoutCancel(t.Context()), "sh", "-c", setUp, "sh",
		"dockerd", "--host", e.Host, "--data-root", filepath.Join(e.dir, "data"),
		"--exec-root", filepath.Join(e.dir, "exec"), "--pidfile", filepath.Join(e.dir, "pid"),
		// Nobody answers DNS in there. To be refused at once beats Jaeger 1's wait
		// of ten seconds for its own agent's configuration.
		"--dns", "127.0.0.1",
	)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		// Mounts made in there stay in there.
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start dockerd: %v", err)
	}
	e.pid = cmd.Process.Pid
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// It is killed, so how it ended tells nothing.
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		// With the first process of their namespace, all others end at once.
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("dockerd's log is %s", log)
		}
	})
	return log, ended
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Try runs the docker command and returns how it ended.
func (e *Engine) Try(t *testing.T, args ...string) process.Result {
	t.Helper()
	path, err := exec.LookPath("docker")
	if err != nil {
		t.Fatal(err)
	}
	return process.Run(t, commandTimeout, process.Command{
		Path: path, Args: args,
		Env: []string{"DOCKER_HOST=" + e.Host, "HOME=" + e.dir, "PATH=" + os.Getenv("PATH")},
	})
}

// Docker runs the docker command, fails the test when it fails, and returns what
// it printed.
func (e *Engine) Docker(t *testing.T, args ...string) string {
	t.Helper()
	got := e.Try(t, args...)
	if got.Code != 0 {
		t.Fatalf("docker %q: exit code %d\n%s%s", args, got.Code, got.Stdout, got.Stderr)
	}
	return got.Stdout
}

// Inside returns c as a program in the engine's network, where published ports
// are at localhost.
func (e *Engine) Inside(t *testing.T, c process.Command) process.Command {
	t.Helper()
	path, err := exec.LookPath("nsenter")
	if err != nil {
		t.Fatal(err)
	}
	c.Args = slices.Concat([]string{"--net=/proc/" + strconv.Itoa(e.pid) + "/ns/net", "--", c.Path}, c.Args)
	c.Path = path
	return c
}

// Import makes an image from scratch that holds one static program. The changes
// are lines of a Dockerfile.
func (e *Engine) Import(t *testing.T, tag, program string, changes ...string) {
	t.Helper()
	layer := filepath.Join(t.TempDir(), "layer.tar")
	if err := pack(layer, program); err != nil {
		t.Fatalf("pack image %s: %v", tag, err)
	}
	args := []string{"import"}
	for _, change := range append([]string{`ENTRYPOINT ["/` + inside + `"]`}, changes...) {
		args = append(args, "--change", change)
	}
	e.Docker(t, append(args, layer, tag)...)
}

// inside is the program's name in an image.
const inside = "jaeger"

// pack writes a tar file with the program alone.
func pack(name, program string) error {
	source, err := os.Open(program)
	if err != nil {
		return fmt.Errorf("open the program: %w", err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return fmt.Errorf("measure the program: %w", err)
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("create the layer: %w", err)
	}
	defer file.Close()
	archive := tar.NewWriter(file)
	header := tar.Header{Name: inside, Mode: 0o755, Size: info.Size(), Typeflag: tar.TypeReg}
	if err := archive.WriteHeader(&header); err != nil {
		return fmt.Errorf("write the layer: %w", err)
	}
	if _, err := io.Copy(archive, source); err != nil {
		return fmt.Errorf("write the layer: %w", err)
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("finish the layer: %w", err)
	}
	return nil
}
