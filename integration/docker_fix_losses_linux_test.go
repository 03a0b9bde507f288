package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

// TestDockerFixOfRm has the traces in a container that its stop removes: the line
// copies them, and the container runs on with them.
func TestDockerFixOfRm(t *testing.T) {
	t.Parallel()
	lab := newDockerLabV1(t)
	lab.run(t, "--rm -e SPAN_STORAGE_TYPE=badger -e BADGER_EPHEMERAL=false -e BADGER_DIRECTORY_VALUE=/data/v -e BADGER_DIRECTORY_KEY=/data/k "+
		"-p 16686:16686 -p 14268:14268 "+imageV1)
	deadline := time.Now().Add(runTimeout)
	for {
		v, code := lab.check(t, "--collector-endpoint", "http://localhost:14268/api/traces")
		if code == 0 && v.Answer == "yes" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no trace is stored: exit code %d, %+v", code, v)
		}
	}
	id := lab.Docker(t, "inspect", "-f", "{{.Id}}", "jaeger")
	fix, _ := lab.check(t)
	if want := ": 'stopping jaeger deletes the traces in /data/k and /data/v"; !strings.HasPrefix(fix.Fix, want) {
		t.Fatalf("got fix %q, want it to begin with %q", fix.Fix, want)
	}
	dir := t.TempDir()
	got := process.Run(t, runTimeout, process.Command{
		Path: "/bin/sh", Args: []string{"-c", "cd " + dir + " && " + fix.Fix},
		Env: []string{"DOCKER_HOST=" + lab.Host, "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()},
	})
	if got.Code != 0 {
		t.Fatalf("the fix %q: exit code %d\n%s%s", fix.Fix, got.Code, got.Stdout, got.Stderr)
	}
	for _, copied := range []string{"jaeger-data-k/MANIFEST", "jaeger-data-v/000001.vlog"} {
		if _, err := os.Stat(filepath.Join(dir, copied)); err != nil {
			t.Errorf("after the fix %q: %v", fix.Fix, err)
		}
	}
	if after := lab.Docker(t, "inspect", "-f", "{{.Id}}", "jaeger"); after != id {
		t.Errorf("the container was %s and is %s", id, after)
	}
	if got := lab.services(t); !strings.Contains(got, "otdemo-check") {
		t.Errorf("services of Jaeger after the fix: got %q, want otdemo-check among them", got)
	}
}

// TestDockerFixKeepsPortsPrivate has the page on IPv6's loopback alone.
func TestDockerFixKeepsPortsPrivate(t *testing.T) {
	t.Parallel()
	lab := newDockerLabV1(t)
	lab.run(t, "-p [::1]:16686:16686 "+imageV1)
	fix, _ := lab.check(t)
	if !strings.Contains(fix.Fix, "-p 127.0.0.1:6831:6831/udp") {
		t.Fatalf("got %+v, want the agent's port published on loopback", fix)
	}
	lab.shell(t, fix.Fix)
	lab.waitWell(t)
	var published map[string][]struct{ HostIP string }
	if err := json.Unmarshal([]byte(lab.Docker(t, "inspect", "-f", "{{json .HostConfig.PortBindings}}", "jaeger")), &published); err != nil {
		t.Fatal(err)
	}
	ipv6 := false
	for port, hosts := range published {
		for _, h := range hosts {
			ipv6 = ipv6 || port == "16686/tcp" && h.HostIP == "::1"
			if h.HostIP != "::1" && h.HostIP != "127.0.0.1" {
				t.Errorf("the fix %q publishes %s on %q", fix.Fix, port, h.HostIP)
			}
		}
	}
	if !ipv6 {
		t.Errorf("the fix %q publishes %v, and 16686 not on ::1 any more", fix.Fix, published)
	}
}

// TestDockerFixKeepsProgram has no entry point, a value of two lines, and a
// container in the same network.
func TestDockerFixKeepsProgram(t *testing.T) {
	t.Parallel()
	lab := newDockerLabV1(t)
	lab.Import(t, "beside", otdemoPath)
	lab.Docker(t, "run", "-d", "--name", "jaeger", "-p", "16686:16686", "-e", "NOTE=it's\n100% two lines", "--entrypoint", "", imageV1, "/jaeger", "--log-level=debug")
	lab.Docker(t, "create", "--name", "sidecar", "--network", "container:jaeger", "beside", "version")
	before := lab.settings(t, "jaeger")
	fix, _ := lab.check(t)
	for _, want := range []string{"the traces that Jaeger has in memory", `container sidecar'\''s connection`} {
		if named, _, _ := strings.Cut(fix.Fix, "; docker rename"); !strings.Contains(named, want) {
			t.Errorf("got fix %q, want it to name %q first", fix.Fix, want)
		}
	}
	lab.shell(t, fix.Fix)
	lab.waitWell(t)
	got, want := lab.settings(t, "jaeger")["config"].(map[string]any), before["config"].(map[string]any)
	for _, key := range []string{"Entrypoint", "Cmd", "Env"} {
		if g, w := marshal(t, got[key]), marshal(t, want[key]); g != w {
			t.Errorf("%s: got %s, want %s", key, g, w)
		}
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDockerFixThatFails has the agent's port taken, which shows only when the new
// container is started: the old one runs on with its name and its traces. Docker is asked
// to publish no port that another container has.
func TestDockerFixThatFails(t *testing.T) {
	t.Parallel()
	lab := newDockerLabV1(t)
	lab.run(t, "-p 16686:16686 "+imageV1)
	lab.awaitServices(t, "jaeger-all-in-one")
	id := lab.Docker(t, "inspect", "-f", "{{.Id}}", "jaeger")
	holder := process.Start(t, lab.Inside(t, command(t, "all-in-one", "--free-ports", "--agent-port", "6831")))
	var fix dockerVerdict
	for deadline := time.Now().Add(runTimeout); fix.Code != "docker-port-not-published"; {
		if fix, _ = lab.check(t); time.Now().After(deadline) {
			t.Fatalf("got %+v, want docker-port-not-published\n%s", fix, holder.Output())
		}
	}
	got := process.Run(t, runTimeout, process.Command{
		Path: "/bin/sh", Args: []string{"-c", fix.Fix},
		Env: []string{"DOCKER_HOST=" + lab.Host, "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()},
	})
	if got.Code == 0 || !strings.Contains(got.Stderr, "address already in use") {
		t.Fatalf("the fix %q: exit code %d, want a failure for the port\n%s%s", fix.Fix, got.Code, got.Stdout, got.Stderr)
	}
	if after := lab.Docker(t, "inspect", "-f", "{{.Id}} {{.State.Running}}", "jaeger"); after != strings.TrimSpace(id)+" true\n" {
		t.Errorf("after the fix that failed: got %q, want the same container, running", after)
	}
	if err := holder.Stop(); err != nil {
		t.Fatal(err)
	}
	lab.Docker(t, "run", "-d", "--name", "a-relay", "-p", "6831:9/udp", imageV1)
	if fix, _ = lab.check(t); strings.Contains(fix.Fix, "6831:6831/udp") {
		t.Errorf("got the fix %q, which publishes a port that a-relay has", fix.Fix)
	}
}
