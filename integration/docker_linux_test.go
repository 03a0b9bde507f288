package integration

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/docker"
	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
)

const (
	imageV1 = "jaegertracing/all-in-one:1.62.0"
	imageV2 = "jaegertracing/jaeger:2.13.0"
)

// dockerLab is an engine with both images of Jaeger.
type dockerLab struct{ *docker.Engine }

func newDockerLab(t *testing.T) dockerLab {
	t.Helper()
	e := docker.NewEngine(t)
	for release, image := range map[string]struct {
		tag     string
		changes []string
	}{
		// As in the Dockerfiles of the releases.
		jaegers.V162().Version: {imageV1, []string{"EXPOSE 5775/udp 6831/udp 6832/udp 5778 14268 14250 16686"}},
		jaegers.V213().Version: {imageV2, []string{"EXPOSE 4317 4318 9411 16686", "ENV JAEGER_LISTEN_HOST=0.0.0.0"}},
	} {
		e.Import(t, image.tag, programOf(t, release), image.changes...)
	}
	return dockerLab{e}
}

func programOf(t *testing.T, version string) string {
	t.Helper()
	for _, r := range jaegers.Releases() {
		if r.Version == version {
			path, err := r.Path()
			if err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	t.Fatalf("no Jaeger %s", version)
	return ""
}

// run replaces the container jaeger by a new one, with docker run's own flags.
func (l dockerLab) run(t *testing.T, flags string) {
	t.Helper()
	l.Docker(t, "rm", "-f", "jaeger")
	l.Docker(t, append([]string{"run", "-d", "--name", "jaeger"}, strings.Fields(flags)...)...)
}

// shell runs a fix as it was printed.
func (l dockerLab) shell(t *testing.T, line string) {
	t.Helper()
	got := process.Run(t, runTimeout, process.Command{
		Path: "/bin/sh", Args: []string{"-c", line},
		Env: []string{"DOCKER_HOST=" + l.Host, "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()},
	})
	if got.Code != 0 {
		t.Fatalf("the fix %q: exit code %d\n%s%s", line, got.Code, got.Stdout, got.Stderr)
	}
}

// dockerVerdict is what the tests look at of a report.
type dockerVerdict struct {
	Answer         string `json:"answer"`
	FirstBrokenHop string `json:"first_broken_hop"`
	Code           string `json:"code"`
	Text           string `json:"text"`
	Fix            string `json:"fix"`
}

// check runs check-jaeger beside the engine.
func (l dockerLab) check(t *testing.T, flags ...string) (dockerVerdict, int) {
	t.Helper()
	c := command(t, append([]string{"check-jaeger", "-o", "json"}, flags...)...)
	c.Env = append(c.Env, "DOCKER_HOST="+l.Host)
	got := process.Run(t, runTimeout, l.Inside(t, c))
	return verdictOf(t, got), got.Code
}

func verdictOf(t *testing.T, got process.Result) dockerVerdict {
	t.Helper()
	var r struct {
		Verdict dockerVerdict `json:"verdict"`
	}
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
		t.Fatalf("check-jaeger printed %q and %q: %v", got.Stdout, got.Stderr, err)
	}
	return r.Verdict
}

// waitWell checks until spans arrive, for a container that has just been started.
func (l dockerLab) waitWell(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(runTimeout)
	for {
		v, code := l.check(t)
		if code == 0 && v.Answer == "yes" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: exit code %d, %+v", runTimeout, code, v)
		}
	}
}

// waitState waits until the container is in a state.
func (l dockerLab) waitState(t *testing.T, want string) {
	t.Helper()
	deadline := time.NewTimer(runTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got := strings.TrimSpace(l.Docker(t, "inspect", "-f", "{{.State.Status}}", "jaeger"))
		if got == want {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("the container is %q, want %s", got, want)
		case <-tick.C:
		}
	}
}

type dockerCase struct {
	name string
	run  string
	// state is the container's; empty is running.
	state string
	flags []string
	code  string
	hop   string
	text  string
	fix   string
	// mends says that the fix, as it is printed, is a line for the shell.
	mends bool
}

var dockerCases = []dockerCase{
	{
		name: "only 5775 and the UI",
		run:  "-p 5775:5775/udp -p 16686:16686 " + imageV1,
		code: "docker-port-not-published", hop: "network", text: "6831/udp is not published",
		fix:   "-p 6831:6831/udp -p 5775:5775/udp -p 16686:16686 " + imageV1,
		mends: true,
	},
	{
		name: "as TCP",
		run:  "-p 6831:6831 -p 16686:16686 " + imageV1,
		code: "docker-port-published-as-tcp", hop: "network", text: "publishes 6831 as tcp",
		fix: "-p 6831:6831/udp -p 16686:16686 " + imageV1, mends: true,
	},
	{
		name: "nothing",
		run:  imageV1,
		code: "docker-port-not-published", hop: "network", text: "publishes no port",
		fix: "-p 6831:6831/udp -p 16686:16686 " + imageV1, mends: true,
	},
	{
		name: "on another port",
		run:  "-p 16831:6831/udp -p 16686:16686 " + imageV1,
		code: "docker-port-published-elsewhere", hop: "network", text: "6831/udp on port 16831",
		fix: "--agent-host localhost --agent-port 16831",
	},
	{
		name: "today's quick start",
		run:  "-p 16686:16686 -p 4317:4317 -p 4318:4318 -p 5778:5778 -p 9411:9411 " + imageV2,
		code: "docker-port-not-published", hop: "network", text: "6831/udp is not published",
		fix: "-p 6831:6831/udp", mends: true,
	},
	{
		name:  "exited",
		run:   "-p 6831:6831/udp -p 16686:16686 " + imageV1 + " --no-such-flag",
		state: "exited",
		code:  "docker-jaeger-not-running", hop: "network", text: "exited with code 1",
		fix: "docker logs --tail 50 jaeger",
	},
	{
		name:  "paused",
		run:   "-p 6831:6831/udp -p 16686:16686 " + imageV1,
		state: "paused",
		code:  "docker-jaeger-not-running", text: "is paused",
		fix: "docker unpause jaeger",
	},
	{
		name:  "thrift over HTTP",
		run:   "-p 6831:6831/udp -p 16686:16686 " + imageV2,
		flags: []string{"--collector-endpoint", "http://localhost:14268/api/traces"},
		code:  "docker-port-not-published", hop: "network", text: "14268/tcp is not published",
		fix: "-p 14268:14268 -p 6831:6831/udp -p 16686:16686 " + imageV2,
	},
}

// TestDocker is the case that started all this, and its relatives: a real Jaeger in
// a real container whose ports are not where spans go.
func TestDocker(t *testing.T) {
	t.Parallel()
	lab := newDockerLab(t)
	for _, tt := range dockerCases {
		t.Run(tt.name, func(t *testing.T) {
			lab.run(t, tt.run)
			switch tt.state {
			case "paused":
				lab.Docker(t, "pause", "jaeger")
			case "exited":
				lab.waitState(t, tt.state)
			}
			got, code := lab.check(t, tt.flags...)
			if wantExit := map[bool]int{true: 1, false: 3}[tt.hop != ""]; code != wantExit || got.Code != tt.code || got.FirstBrokenHop != tt.hop {
				t.Errorf("got exit code %d, %s at %q, want %d, %s at %q", code, got.Code, got.FirstBrokenHop, wantExit, tt.code, tt.hop)
			}
			if !strings.Contains(got.Text, tt.text) || !strings.Contains(got.Fix, tt.fix) {
				t.Errorf("got %q with fix %q, want %q with fix %q", got.Text, got.Fix, tt.text, tt.fix)
			}
			if tt.mends && !t.Failed() {
				lab.shell(t, got.Fix)
				lab.waitWell(t)
			}
		})
	}
}

// TestDockerWell has nothing wrong: no container's start may be blamed for it.
func TestDockerWell(t *testing.T) {
	t.Parallel()
	lab := newDockerLab(t)
	for _, image := range []string{imageV1, imageV2} {
		lab.run(t, "-p 6831:6831/udp -p 16686:16686 "+image)
		lab.waitWell(t)
	}
}

// TestDockerNetworks runs the check in a container of its own.
func TestDockerNetworks(t *testing.T) {
	t.Parallel()
	lab := newDockerLab(t)
	lab.Import(t, "otdemo", otdemoPath)
	// Not Jaeger 1: its agent asks DNS about its own collector first, which takes ten
	// seconds on a network without a server.
	lab.run(t, imageV2)
	lab.Docker(t, "network", "create", "tracing")
	socket := strings.TrimPrefix(lab.Host, "unix://")
	checkFrom := func(network string, flags ...string) dockerVerdict {
		t.Helper()
		args := append([]string{
			"run", "--rm", "--network", network, "-v", socket + ":/var/run/docker.sock", "otdemo",
			"check-jaeger", "-o", "json",
		}, flags...)
		return verdictOf(t, lab.Try(t, args...))
	}
	atJaeger := []string{"--agent-host", "jaeger", "--query-url", "http://jaeger:16686"}

	if got := checkFrom("tracing", atJaeger...); got.Code != "docker-no-shared-network" || got.Fix != "docker network connect tracing jaeger" {
		t.Fatalf("on two networks: got %+v", got)
	}
	lab.Docker(t, "network", "connect", "tracing", "jaeger")
	if got := checkFrom("tracing", "--query-url", "http://jaeger:16686"); got.Code != "docker-jaeger-has-other-name" || got.Fix != "--agent-host jaeger" {
		t.Errorf("localhost in a container: got %+v", got)
	}
	if got := checkFrom("tracing", atJaeger...); got.Answer != "yes" {
		t.Errorf("on one network: got %+v", got)
	}
}
