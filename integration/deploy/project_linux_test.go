//go:build storage

package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/docker"
	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
)

const (
	// upTimeout is for a store on a JVM to start and the gate of two minutes.
	upTimeout = 5 * time.Minute
	// runTimeout bounds a command that ends by itself.
	runTimeout = 3 * time.Minute
	// curlTimeout bounds one request.
	curlTimeout = 20 * time.Second
)

// project is a compose file on an engine of its own.
type project struct {
	*docker.Engine

	// file is the compose file, from the repository's root.
	file string
	env  []string
}

// newProject returns the compose file, its images not made yet, and takes it down
// when the test ends. env are the file's own variables.
func newProject(t *testing.T, file string, env ...string) *project {
	t.Helper()
	plugins := filepath.Join(t.TempDir(), "cli-plugins")
	if err := os.Mkdir(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(jaegers.Compose().Need(t), filepath.Join(plugins, "docker-compose")); err != nil {
		t.Fatal(err)
	}
	p := &project{Engine: docker.NewEngine(t), file: filepath.Join("deploy", file)}
	p.env = append(env, "DOCKER_HOST="+p.Host, "DOCKER_CONFIG="+filepath.Dir(plugins), "HOME="+t.TempDir(), "PATH="+os.Getenv("PATH"))
	return p
}

// try runs docker compose in the repository's root, as the file's first lines say.
func (p *project) try(t *testing.T, timeout time.Duration, args ...string) process.Result {
	t.Helper()
	path, err := exec.LookPath("docker")
	if err != nil {
		t.Fatal(err)
	}
	return process.Run(t, timeout, process.Command{
		Path: path, Args: slices.Concat([]string{"compose", "--progress", "quiet", "-f", p.file}, args),
		Env: p.env, Dir: "../..",
	})
}

// compose is try that fails the test, with the logs of all services, unless the
// exit code is 0. It returns what was printed.
func (p *project) compose(t *testing.T, timeout time.Duration, args ...string) string {
	t.Helper()
	got := p.try(t, timeout, args...)
	if got.Code != 0 {
		logs := p.try(t, runTimeout, "logs", "--no-color", "--tail", "40")
		t.Fatalf("docker compose -f %s %q: exit code %d\n%s%s\nlogs:\n%s", p.file, args, got.Code, got.Stdout, got.Stderr, logs.Stdout)
	}
	return got.Stdout
}

// otdemo runs otdemo on the engine's machine, where the published ports are at
// localhost, and fails the test unless the exit code is 0.
func (p *project) otdemo(t *testing.T, args ...string) string {
	t.Helper()
	home := t.TempDir()
	got := process.Run(t, runTimeout, p.Inside(t, process.Command{
		Path: otdemoPath, Args: args, Env: []string{"HOME=" + home}, Dir: home,
	}))
	if got.Code != 0 {
		t.Fatalf("otdemo %q: exit code %d\n%s%s", args, got.Code, got.Stdout, got.Stderr)
	}
	return got.Stdout
}

// curl asks from the engine's machine, and returns the body and whether the answer
// was a good one.
func (p *project) curl(t *testing.T, args ...string) (string, bool) {
	t.Helper()
	path, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal(err)
	}
	got := process.Run(t, curlTimeout, p.Inside(t, process.Command{Path: path, Args: append([]string{"-fsS", "-m", "15"}, args...)}))
	return got.Stdout, got.Code == 0
}

// spans returns how many spans Jaeger has of a trace.
func (p *project) spans(t *testing.T, traceID string) int {
	t.Helper()
	body, ok := p.curl(t, "http://localhost:16686/api/traces/"+traceID)
	if !ok {
		return 0
	}
	var answer struct {
		Data []struct {
			Spans []struct {
				SpanID string `json:"spanID"`
			} `json:"spans"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data) != 1 {
		t.Fatalf("trace %s: got %q, %v", traceID, body, err)
	}
	return len(answer.Data[0].Spans)
}
