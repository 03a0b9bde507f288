package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/docs"
	"github.com/otdemo/otdemo/pkg/doctor"
)

// anyHop is the hop of the findings that every probe can have.
const anyHop = "any"

// TestHopIndex checks that the index by hop has each finding of each probe at the
// probe's hop, and each section of findings.md once or more. TestLinks follows its
// links.
func TestHopIndex(t *testing.T) {
	t.Parallel()
	got := hopIndex(t)
	want := make(map[string][]string)
	ofProbes := make(map[string]bool)
	for _, probe := range doctor.Probes() {
		for _, code := range probe.Codes {
			ofProbes[string(code)] = true
			want[probe.Hop.String()] = append(want[probe.Hop.String()], string(code))
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^## (\S+)$`).FindAllStringSubmatch(docs.Findings(), -1) {
		if !ofProbes[m[1]] {
			want[anyHop] = append(want[anyHop], m[1])
		}
	}
	for hop, codes := range want {
		slices.Sort(codes)
		want[hop] = slices.Compact(codes)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings by hop (-probes +index):\n%s", diff)
	}
}

// hopIndex returns the findings that the index lists at each hop, sorted.
func hopIndex(t *testing.T) map[string][]string {
	t.Helper()
	_, index, ok := strings.Cut(docs.Findings(), "\n## Index by hop\n")
	if !ok {
		t.Fatal("docs/findings.md has no index by hop")
	}
	index, _, _ = strings.Cut(index, "\n## ")
	link := regexp.MustCompile(`\[([^]]+)\]\(#([^)]+)\)`)
	found := make(map[string][]string)
	for line := range strings.Lines(index) {
		cells := strings.Split(line, " | ")
		links := link.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(links) == 0 {
			continue
		}
		hop := strings.TrimPrefix(cells[0], "| ")
		for _, m := range links {
			if m[1] != m[2] {
				t.Errorf("the link of %s is to %s", m[1], m[2])
			}
			found[hop] = append(found[hop], m[2])
		}
	}
	for _, codes := range found {
		slices.Sort(codes)
	}
	return found
}
