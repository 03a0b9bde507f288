package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLinks follows every relative link of every document, anchors included.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^()\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
	headings := make(map[string]map[string]bool)
	followed := 0
	for _, document := range sourceFiles(t, ".md") {
		for _, m := range link.FindAllStringSubmatch(withoutCode(read(t, document)), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") {
				continue
			}
			followed++
			path, anchor, _ := strings.Cut(target, "#")
			if path == "" {
				path = document
			} else {
				path = filepath.Join(filepath.Dir(document), path)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s: %v", document, target, err)
				continue
			}
			if anchor == "" {
				continue
			}
			if headings[path] == nil {
				headings[path] = anchors(read(t, path))
			}
			if !headings[path][anchor] {
				t.Errorf("%s links to %s, which has no such heading", document, target)
			}
		}
	}
	if followed == 0 {
		t.Error("no relative link found in any document")
	}
}

// withoutCode returns document without its fenced blocks and code spans.
func withoutCode(document string) string {
	document = regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(document, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(document, "")
}

// anchors returns the anchors that GitHub makes of the headings of document.
func anchors(document string) map[string]bool {
	document = regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(document, "")
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	found := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(document, -1) {
		words := dropped.ReplaceAllString(strings.ToLower(m[1]), "")
		found[strings.ReplaceAll(words, " ", "-")] = true
	}
	return found
}

// maxReadme is how long README.md may be, so that it stays an entrance.
const maxReadme = 150

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if n := strings.Count(read(t, filepath.Join(repository, "README.md")), "\n"); n > maxReadme {
		t.Errorf("README.md has %d lines, want at most %d: move some into docs/", n, maxReadme)
	}
}
