package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// walk runs the commands of a document in this process, one after another. Servers run
// until the next server of the same kind starts; they listen on free ports, which the
// other commands get as their addresses.
type walk struct {
	environ []string
	// url replaces http://localhost:8000/.
	url  string
	stop map[string]func()
}

// TestMigrationGuide runs each command of docs/migrating-to-opentelemetry.md as it
// is written, and expects the exit code in its comment, or 0.
func TestMigrationGuide(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(repository, "docs", "migrating-to-opentelemetry.md"))
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{stop: make(map[string]func())}
	t.Cleanup(func() {
		w.end("serve")
		w.end("all-in-one")
	})
	ran := 0
	exit := regexp.MustCompile(`# exit (\d+)`)
	blocks := strings.Split(string(content), "\n```\n")
	for i := 1; i < len(blocks); i += 2 {
		for line := range strings.Lines(blocks[i]) {
			want := 0
			if m := exit.FindStringSubmatch(line); m != nil {
				want, _ = strconv.Atoi(m[1])
			}
			command, _, _ := strings.Cut(line, "#")
			w.run(t, strings.Fields(command), want)
			ran++
		}
	}
	if commands := strings.Count(string(content), "\notdemo ") + strings.Count(string(content), "=true otdemo "); ran != commands {
		t.Errorf("ran %d commands, want all %d", ran, commands)
	}
}

// run runs a command, which may begin with environment variables.
func (w *walk) run(t *testing.T, words []string, want int) {
	t.Helper()
	i := slices.Index(words, "otdemo")
	if i < 0 {
		t.Fatalf("%q is not a command of ours", words)
	}
	environ := append(slices.Clone(w.environ), words[:i]...)
	args := words[i+1:]
	if args[0] == "serve" || args[0] == "all-in-one" {
		w.serve(t, environ, args)
		return
	}
	for k, arg := range args {
		args[k] = strings.ReplaceAll(arg, "http://localhost:8000/", w.url)
	}
	env := w.env(t.Context(), environ, args, t.TempDir())
	start := time.Now()
	got := Main(env)
	t.Logf("%s: %s", strings.Join(words, " "), time.Since(start).Round(time.Millisecond))
	if got != want {
		t.Errorf("%s: exit code %d, want %d\n%s%s", strings.Join(words, " "), got, want, env.Stdout, env.Stderr)
	}
}

func (w *walk) env(ctx context.Context, environ, args []string, dir string) *Env {
	env := testEnv(args...)
	env.Environ, env.Dir, env.UserConfigDir, env.OS = environ, dir, dir, "linux"
	env.Stdin = strings.NewReader("")
	env.Now = time.Now
	env.Listen = (&net.ListenConfig{}).Listen
	env.Interrupt = func(context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }
	return env
}

// serve starts a server in place of the last one of its kind, and sets its address for
// the other commands.
func (w *walk) serve(t *testing.T, environ, args []string) {
	t.Helper()
	kind, dir := args[0], t.TempDir()
	w.end(kind)
	file := filepath.Join(dir, "addrs.json")
	free := []string{"--addr-file", file, "--free-ports"}
	if kind == "serve" {
		free = []string{"--addr-file", file, "--port", "0"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	env := w.env(ctx, environ, append(slices.Clone(args), free...), dir)
	done := make(chan int, 1)
	go func() { done <- Main(env) }()
	w.stop[kind] = func() {
		cancel()
		if code := <-done; code != 0 && code != exitInterrupted {
			t.Errorf("otdemo %s: exit code %d\n%s", strings.Join(args, " "), code, env.Stderr)
		}
	}
	addrs := waitAddrs(t, file)
	if kind == "serve" {
		w.url = "http://" + addrs["http"] + "/"
		return
	}
	_, port, _ := net.SplitHostPort(addrs["agent-compact"])
	w.environ = []string{
		"OTDEMO_QUERY_URL=http://" + addrs["query"],
		"OTDEMO_REPORTER_AGENT_PORT=" + port,
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://" + addrs["otlp-http"] + "/v1/traces",
	}
}

func (w *walk) end(kind string) {
	if stop := w.stop[kind]; stop != nil {
		stop()
	}
	delete(w.stop, kind)
}

func waitAddrs(t *testing.T, file string) map[string]string {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(waitTimeout); time.Now().Before(deadline); <-tick.C {
		content, err := os.ReadFile(file)
		var addrs map[string]string
		if err == nil && json.Unmarshal(bytes.TrimSpace(content), &addrs) == nil {
			return addrs
		}
	}
	t.Fatalf("%s did not appear", file)
	return nil
}
