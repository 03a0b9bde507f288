package page

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// buildTimeout is ample: the packages come out of npm's cache.
const buildTimeout = 2 * time.Minute

// The files in web/dist are what the sources and the lock file give, byte for byte.
// The packages come from npm's cache, which "npm ci" in web/ fills.
func TestBuiltFromSources(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"npm", "node"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("OTDEMO_LAB_REQUIRED") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	source := filepath.Join(root, "web")
	for _, name := range []string{"package.json", "package-lock.json", "tsconfig.json", "index.html", "build.mjs"} {
		copyFile(t, filepath.Join(source, name), filepath.Join(dir, name))
	}
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join(source, "src"))); err != nil {
		t.Fatal(err)
	}
	runIn(t, dir, "npm", "ci", "--offline", "--no-audit", "--no-fund")
	runIn(t, dir, "npm", "run", "build")
	want, got := files(t, filepath.Join(dir, "dist")), files(t, filepath.Join(source, "dist"))
	if diff := cmp.Diff(names(want), names(got)); diff != "" {
		t.Errorf("web/dist has other files than its sources give; make web builds them (-built +committed):\n%s", diff)
		return
	}
	for name := range want {
		if want[name] != got[name] {
			t.Errorf("web/dist/%s is not what its sources give; make web builds it", name)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func runIn(t *testing.T, dir string, words ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), buildTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s\nhint: npm --prefix web ci", words, err, out)
	}
}

// files returns the content of every file below dir by its name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		found[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func names(files map[string]string) map[string]bool {
	all := make(map[string]bool)
	for name := range files {
		all[name] = true
	}
	return all
}
