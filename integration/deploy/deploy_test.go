package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFilesAgree holds what the compose files of Jaeger 2 have to say each for
// itself, because a reader looks for it there and check-jaeger --compose reads no
// other file: the ports and the command to be the same.
func TestFilesAgree(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../deploy/compose.*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no compose files: %v", err)
	}
	want := ""
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "image: jaegertracing/jaeger:") {
			continue
		}
		_, rest, _ := strings.Cut(string(text), "  jaeger:\n")
		service, _, _ := strings.Cut(rest, "\n\n")
		got := service[:strings.Index(service, "    command:")] + portsOf(service)
		if want == "" {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs from %s (-want +got):\n%s", name, files[0], diff)
		}
	}
}

// portsOf returns the lines of the service's ports.
func portsOf(service string) string {
	_, rest, _ := strings.Cut(service, "    ports:\n")
	var ports strings.Builder
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "      - ") {
			break
		}
		ports.WriteString(line)
	}
	return ports.String()
}
