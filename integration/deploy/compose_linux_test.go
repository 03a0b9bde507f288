//go:build storage

package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
)

// own makes the images of otdemo and, as their Dockerfiles do, of both Jaegers.
func (p *project) own(t *testing.T) {
	t.Helper()
	l := newLayer(t)
	l.add("/otdemo", otdemoPath)
	l.into(p.Engine, "otdemo:local", `ENTRYPOINT ["/otdemo"]`, "USER 10001:10001")
	for tag, program := range map[string]jaegers.Program{
		"jaegertracing/jaeger:2.13.0":                  jaegers.V213().Program(),
		"jaegertracing/all-in-one:1.62.0":              jaegers.V162().Program(),
		"jaegertracing/jaeger-es-index-cleaner:1.76.0": jaegers.IndexCleaner(),
	} {
		l := newLayer(t)
		l.add("/jaeger", program.Need(t))
		l.directory("/tmp", 0o1777, 0)
		l.into(p.Engine, tag, `ENTRYPOINT ["/jaeger"]`, "USER 10001")
	}
}

// composeCase is one compose file.
type composeCase struct {
	file string
	env  []string
	// store makes the image of the store; nil when there is none.
	store func(t *testing.T, p *project)
	// service is the store's, "" when there is none.
	service string
	// forgets says that a restart loses the traces.
	forgets bool
}

// allWays are those of check-jaeger --all.
var allWays = []string{
	"HTTP port 14268 works", "localhost:6832 as binary thrift", "localhost:4317 as OTLP",
	"localhost:4318/v1/traces as OTLP", "localhost:9411/api/v2/spans as Zipkin",
}

var composeCases = []composeCase{
	{file: "compose.memory.yaml", forgets: true},
	{file: "compose.v1.yaml"},
	{file: "compose.elasticsearch.yaml", env: elasticsearchEnv, store: elasticsearchImage, service: "elasticsearch"},
	{file: "compose.cassandra.yaml", store: cassandraImage, service: "cassandra"},
}

// TestCompose does with each compose file what its first lines say, and restarts
// what may be restarted.
func TestCompose(t *testing.T) {
	t.Parallel()
	for _, tt := range composeCases {
		t.Run(strings.TrimSuffix(tt.file, ".yaml"), func(t *testing.T) {
			p := newProject(t, tt.file, tt.env...)
			p.own(t)
			if tt.store != nil {
				tt.store(t, p)
			}
			p.compose(t, upTimeout, "up", "-d")
			trace := p.proveWell(t)
			p.proveLogs(t)
			p.restart(t, "jaeger", trace, tt.forgets)
			if tt.service != "" {
				p.restart(t, tt.service, trace, tt.forgets)
			}
			p.proveGate(t)
			p.compose(t, runTimeout, "down", "-v")
			if left := p.Docker(t, "ps", "-aq"); left != "" {
				t.Errorf("after down there are still containers: %s", left)
			}
		})
	}
}

// TestComposeDoctor has check-jaeger read each compose file, which extends
// otdemo.yaml, and then, as its hint says, what docker compose makes of it.
func TestComposeDoctor(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../deploy/compose.*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no compose files: %v", err)
	}
	for _, file := range files {
		check := func(file string) process.Result {
			return process.Run(t, runTimeout, process.Command{
				Path: otdemoPath, Args: []string{"check-jaeger", "--only", "compose", "--compose", file},
			})
		}
		got := check(file)
		if want := "config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml"; got.Code != 3 || !strings.Contains(got.Stdout, want) {
			t.Errorf("%s: exit code %d\n%s%s", file, got.Code, got.Stdout, got.Stderr)
		}
		whole := process.Run(t, runTimeout, process.Command{
			Path: jaegers.Compose().Need(t), Args: []string{"-f", file, "config"},
		})
		if whole.Code != 0 {
			t.Errorf("docker compose -f %s config: exit code %d\n%s", file, whole.Code, whole.Stderr)
			continue
		}
		resolved := filepath.Join(t.TempDir(), "resolved.yaml")
		if err := os.WriteFile(resolved, []byte(whole.Stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		got = check(resolved)
		if want := "no fault found in service jaeger"; got.Code != 0 || !strings.Contains(got.Stdout, want) {
			t.Errorf("%s, resolved: exit code %d\n%s%s", file, got.Code, got.Stdout, got.Stderr)
		}
	}
}

var (
	arrived = regexp.MustCompile(`(?m)^spans from this configuration reach Jaeger`)
	drawn   = regexp.MustCompile(`(?m)^trace ([0-9a-f]{16,32}): (\d+) spans, 2 services`)
	account = regexp.MustCompile(`(?m)^spans: (\d+) made = (\d+) stored, none lost`)
)

// proveWell checks and calls, in containers and from the machine with its published
// ports, and returns the id of a trace.
func (p *project) proveWell(t *testing.T) string {
	t.Helper()
	if got := p.compose(t, runTimeout, "run", "--rm", "check"); !arrived.MatchString(got) {
		t.Errorf("check printed:\n%s", got)
	}
	got := p.compose(t, runTimeout, "run", "--rm", "call")
	m := drawn.FindStringSubmatch(got)
	if m == nil {
		t.Fatalf("call printed no trace:\n%s", got)
	}
	p.proveWays(t)
	// At a rate: bursts over UDP are for tests that can see the receiver's buffer.
	if got := p.otdemo(t, "call", "-n", "200", "-q", "40", "--verify"); !account.MatchString(got) {
		t.Errorf("the account does not close:\n%s", got)
	}
	if body, ok := p.curl(t, "http://localhost:5778/sampling?service=any"); !ok || !strings.Contains(body, `"samplingRate":1`) {
		t.Errorf("the sampling strategy: got %q, want every trace", body)
	}
	return m[1]
}

// proveLogs expects that the engine bounds the log of each container.
func (p *project) proveLogs(t *testing.T) {
	t.Helper()
	for id := range strings.FieldsSeq(p.Docker(t, "ps", "-aq")) {
		got := p.Docker(t, "inspect", "-f", `{{.Name}}: {{index .HostConfig.LogConfig.Config "max-size"}}`, id)
		if !strings.HasSuffix(strings.TrimSpace(got), ": 10m") {
			t.Errorf("the log may be as large as %q, want 10m", strings.TrimSpace(got))
		}
	}
}

// proveWays waits until a check has read a span back by every way in. It asks
// again, because a store that has just started may take longer than the check waits
// for one span.
func (p *project) proveWays(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(runTimeout)
	for {
		report := p.otdemo(t, "check-jaeger", "--all")
		missing := slices.DeleteFunc(slices.Clone(allWays), func(way string) bool {
			return slices.ContainsFunc(strings.Split(report, "\n"), func(line string) bool {
				return strings.HasPrefix(line, "ok ") && strings.Contains(line, way)
			})
		})
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s check-jaeger --all has no ok line with %q:\n%s", runTimeout, missing, report)
		}
	}
}

// proveGate stops Jaeger: what waits for it to take spans must fail then.
func (p *project) proveGate(t *testing.T) {
	t.Helper()
	p.compose(t, runTimeout, "stop", "jaeger")
	got := p.try(t, runTimeout, "run", "--rm", "--no-deps", "check", "check-jaeger", "--wait", "2s")
	if want := "spans do NOT reach Jaeger"; got.Code != 1 || !strings.Contains(got.Stdout, want) {
		t.Errorf("without Jaeger the gate ended with exit code %d, want 1, and printed\n%s", got.Code, got.Stdout)
	}
	p.compose(t, runTimeout, "start", "jaeger")
	p.compose(t, runTimeout, "run", "--rm", "check")
}

// restart restarts a service, waits until spans arrive again, and looks for a trace
// from before.
func (p *project) restart(t *testing.T, service, trace string, forgets bool) {
	t.Helper()
	before := p.spans(t, trace)
	if before == 0 {
		t.Fatalf("trace %s is not there before the restart of %s", trace, service)
	}
	p.compose(t, runTimeout, "restart", service)
	p.compose(t, runTimeout, "run", "--rm", "check")
	want := before
	if forgets {
		want = 0
	}
	if got := p.spans(t, trace); got != want {
		t.Errorf("after a restart of %s, trace %s has %d spans, want %d", service, trace, got, want)
	}
}
