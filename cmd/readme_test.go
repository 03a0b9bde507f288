package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/internal/golden"
)

// TestReadmeLedger makes the load run that README.md shows, and compares what it
// prints about the spans.
func TestReadmeLedger(t *testing.T) {
	t.Parallel()
	w := &walk{stop: make(map[string]func())}
	t.Cleanup(func() {
		w.end("serve")
		w.end("all-in-one")
	})
	w.serve(t, nil, []string{"all-in-one"})
	w.serve(t, w.environ, []string{"serve"})
	env := w.env(t.Context(), w.environ, []string{"call", w.url, "-n", "1000", "--verify"}, t.TempDir())
	if code := Main(env); code != 0 {
		t.Fatalf("call: exit code %d\n%s%s", code, env.Stdout, env.Stderr)
	}
	stdout := env.Stdout.(interface{ String() string }).String()
	_, spans, ok := strings.Cut(stdout, "\nspans\n")
	if !ok {
		t.Fatalf("the report has no part on spans:\n%s", stdout)
	}
	checkTranscript(t, "ledger", "$ otdemo call -n 1000 --verify\n...\nspans\n"+spans)
}

// checkTranscript compares want with the transcript of that name in README.md: the
// fenced block between its two comments. With -update it writes it.
func checkTranscript(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join(repository, "README.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), "<!-- transcript:"+name+": ")
	comment, rest, opened := strings.Cut(rest, " -->\n```\n")
	_, after, closed := strings.Cut(rest, "```\n<!-- /transcript -->\n")
	if !found || !opened || !closed {
		t.Fatalf("README.md has no transcript %s", name)
	}
	golden.Check(t, path, before+"<!-- transcript:"+name+": "+comment+" -->\n```\n"+want+"```\n<!-- /transcript -->\n"+after)
}
