package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/process"
)

// TestReadmeTranscript produces the transcript that README.md begins with: Jaeger in
// a container that publishes its UI and port 5775, and not 6831. After the printed fix
// spans arrive.
func TestReadmeTranscript(t *testing.T) {
	t.Parallel()
	const flags = "-p 5775:5775/udp -p 16686:16686 " + imageV1
	lab := newDockerLabV1(t)
	lab.run(t, flags)
	for deadline := time.Now().Add(runTimeout); ; {
		verdict, code := lab.check(t, "--agent-port", "5775")
		if code == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Jaeger stores no span sent to 5775: exit code %d, %+v", code, verdict)
		}
	}
	c := command(t, "check-jaeger")
	c.Env = append(c.Env, "DOCKER_HOST="+lab.Host)
	got := process.Run(t, runTimeout, lab.Inside(t, c))
	if got.Code != 1 {
		t.Fatalf("check-jaeger: exit code %d, want 1\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	checkTranscript(t, "docker", "$ docker run -d --name jaeger "+flags+"\n$ otdemo check-jaeger\n"+abridged(got.Stdout))
	verdict, _ := lab.check(t)
	lab.shell(t, verdict.Fix)
	lab.waitWell(t)
}

// abridged returns what README.md shows of a report: the failures, the deliveries and
// the verdict, with dots for what is left out and VOLUME for the id of the volume that
// the image declares.
func abridged(report string) string {
	report = regexp.MustCompile(`-v [0-9a-f]{64}:`).ReplaceAllString(report, "-v VOLUME:")
	checks, verdict, _ := strings.Cut(report, "\n\n")
	var b strings.Builder
	dots := false
	for line := range strings.Lines(checks + "\n") {
		if strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "ok       delivery") {
			b.WriteString(line)
			dots = false
		} else if !dots {
			b.WriteString("...\n")
			dots = true
		}
	}
	return b.String() + "\n" + verdict
}

// checkTranscript compares want with the transcript of that name in README.md: the
// fenced block between its two comments. With -update it writes it.
func checkTranscript(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("..", "README.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), "<!-- transcript:"+name+": ")
	how, rest, opened := strings.Cut(rest, " -->\n```\n")
	got, after, closed := strings.Cut(rest, "```\n<!-- /transcript -->\n")
	if !found || !opened || !closed {
		t.Fatalf("README.md has no transcript %s", name)
	}
	if *update {
		text := before + "<!-- transcript:" + name + ": " + how + " -->\n```\n" + want + "```\n<!-- /transcript -->\n" + after
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("transcript %s of README.md (-want +got; %s writes it):\n%s", name, how, diff)
	}
}
