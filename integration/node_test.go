package integration

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestNodeClient sends with jaeger-client of npm, archived and still in use,
// which speaks binary thrift over UDP and over HTTP.
func TestNodeClient(t *testing.T) {
	dir := nodeModules(t)
	_, addrs := start(t, "all-in-one", "--free-ports")
	settings := map[string]string{
		"udp":  "AGENT=" + addrs["agent-binary"],
		"http": "COLLECTOR=http://" + addrs["collector-http"] + "/api/traces",
	}
	for way, setting := range settings {
		t.Run(way, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "node", "spans.js")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), setting)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("node spans.js: %v: %s", err, exitOutput(err))
			}
			id, err := trace.ParseTraceID(strings.TrimSpace(string(out)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := wire.ReadTrace(t.Context(), "http://"+addrs["query"], id, 2)
			if err != nil {
				t.Fatal(err)
			}
			checkNodeTrace(t, &got)
		})
	}
}

func checkNodeTrace(t *testing.T, got *trace.Trace) {
	t.Helper()
	roots := trace.Tree(got)
	if len(roots) != 1 || roots[0].Orphan || len(roots[0].Children) != 1 {
		t.Fatalf("got %d roots, want a parent with its child", len(roots))
	}
	parent, child := roots[0].Span, roots[0].Children[0].Span
	if parent.Operation != "parent" || child.Operation != "child" || parent.Service() != "node-client" {
		t.Errorf("got %s and %s of %s, want parent and child of node-client", parent.Operation, child.Operation, parent.Service())
	}
	if v, _ := parent.Tag("answer"); v.String() != "42" {
		t.Errorf("tag answer is %s %q, want 42", v.Kind(), v)
	}
	if len(child.Logs) != 1 || child.Logs[0].Fields[0].Value != trace.String("made") {
		t.Errorf("the child's logs are %v, want the event made", child.Logs)
	}
	if len(parent.Warnings)+len(child.Warnings) > 0 {
		t.Errorf("warnings %q, %q; want none", parent.Warnings, child.Warnings)
	}
}

// nodeModules installs jaeger-client once, into the user's cache, and returns the
// directory to run the script in.
func nodeModules(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("CI must have %s", tool)
			}
			t.Skipf("without %s jaeger-client of npm cannot run", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "otdemo", "npm", "jaeger-client-3.19.0")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json", "spans.js"} {
		content, err := os.ReadFile(filepath.Join("testdata", "node", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "jaeger-client")); err == nil {
		return dir
	}
	begin := time.Now()
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	t.Logf("jaeger-client installed in %s", time.Since(begin).Round(time.Millisecond))
	return dir
}

// exitOutput is what a command that failed said on stderr.
func exitOutput(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(exit.Stderr)
	}
	return ""
}
