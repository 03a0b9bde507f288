package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// maxScript bounds the scripts together, in bytes as they are served.
const maxScript = 150_000

// The page loads its own files alone, and all that there are; it has no script and
// no style in itself, which its policy would not let run.
func TestPage(t *testing.T) {
	t.Parallel()
	content, err := fs.ReadFile(Page(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	if strings.Contains(page, "<style") || strings.Contains(page, " style=") || regexp.MustCompile(`\son\w+=`).MatchString(page) {
		t.Error("the page has a style or a handler in itself")
	}
	loaded := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		switch {
		case strings.HasPrefix(found[1], "data:"):
		case strings.HasPrefix(found[1], "/static/"):
			loaded[strings.TrimPrefix(found[1], "/")] = true
		default:
			t.Errorf("the page loads %q", found[1])
		}
	}
	if scripts := strings.Count(page, "<script"); scripts != 1 || !strings.Contains(page, "<script type=\"module\" src=") {
		t.Errorf("got %d scripts, want one that is loaded", scripts)
	}
	size := int64(0)
	err = fs.WalkDir(Page(), "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !loaded[name] {
			t.Errorf("%s is not loaded", name)
		}
		delete(loaded, name)
		if path.Ext(name) != ".js" {
			return nil
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range loaded {
		t.Errorf("%s is loaded and not there", name)
	}
	if size == 0 || size > maxScript {
		t.Errorf("the scripts have %d bytes, want up to %d", size, maxScript)
	}
}
