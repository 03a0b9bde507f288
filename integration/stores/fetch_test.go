package stores

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDownload(t *testing.T) {
	t.Parallel()
	const content = "a jar"
	hash := sha256.Sum256([]byte(content))
	sum := hex.EncodeToString(hash[:])
	whole := func(w http.ResponseWriter) { _, _ = w.Write([]byte(content)) }
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "5")
		_, _ = w.Write([]byte(content[:2]))
	}
	tests := []struct {
		name    string
		answers []func(http.ResponseWriter) // the last one goes on
		sum     string
		want    string
		asked   int
	}{
		{"whole", []func(http.ResponseWriter){whole}, sum, "", 1},
		{"whole at last", []func(http.ResponseWriter){half, half, whole}, sum, "", 3},
		{"never whole", []func(http.ResponseWriter){half}, sum, "unexpected EOF", jarTries},
		{"another file", []func(http.ResponseWriter){whole}, strings.Repeat("0", 64), "the SHA-256 is " + sum, jarTries},
		{"not there", []func(http.ResponseWriter){func(w http.ResponseWriter) { w.WriteHeader(404) }}, sum, "404 Not Found", jarTries},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				test.answers[min(asked, len(test.answers)-1)](w)
				asked++
			}))
			defer server.Close()
			path := filepath.Join(t.TempDir(), "org", "a.jar")
			err := download(t.Context(), server.Client(), server.URL, test.sum, path)
			if asked != test.asked {
				t.Errorf("asked %d times, want %d", asked, test.asked)
			}
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q in it", err, test.want)
				}
				if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
					t.Errorf("left behind: %v", left)
				}
				return
			}
			if got, readErr := os.ReadFile(path); err != nil || readErr != nil || string(got) != content {
				t.Errorf("got %q, %v, %v, want %q", got, err, readErr, content)
			}
		})
	}
}

func TestFetchUnpacksZipFiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files []string
		want  string
	}{
		{"one directory", []string{"store/lib/a.jar", "store/README"}, ""},
		{"several", []string{"store/lib/a.jar", "README"}, "2 files at the top, want one directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			archive := zip.NewWriter(&b)
			for _, name := range test.files {
				w, err := archive.Create(name)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = w.Write([]byte(name))
			}
			if err := archive.Close(); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b.Bytes()) }))
			defer server.Close()
			hash := sha256.Sum256(b.Bytes())
			j := jar{sum: hex.EncodeToString(hash[:]), path: "org/store-1.zip"}
			dir := t.TempDir()
			err := j.fetch(t.Context(), server.Client(), server.URL+"/", j.in(dir))
			left, readErr := os.ReadDir(filepath.Join(dir, "org"))
			if readErr != nil {
				t.Fatal(readErr)
			}
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || len(left) != 0 {
					t.Errorf("got %v and %v left, want %q and nothing", err, left, test.want)
				}
				return
			}
			got, readErr := os.ReadFile(filepath.Join(dir, "org", "store-1", "lib", "a.jar"))
			if err != nil || readErr != nil || string(got) != "store/lib/a.jar" || len(left) != 1 {
				t.Errorf("got %q, %v, %v and %v left", got, err, readErr, left)
			}
		})
	}
}

func TestFetchAsksForWhatIsMissing(t *testing.T) {
	d := Elasticsearch7()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir()) // for macOS
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()

	_, err := d.Classpath()
	missing, ok := errors.AsType[*MissingError](err)
	if !ok || missing.Hint() != "go -C integration run ./buildstores" {
		t.Fatalf("got %v, want a MissingError with its hint", err)
	}
	jars, err := d.jars()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	last := len(jars) - 1
	for _, j := range jars[:last] {
		if err := os.MkdirAll(filepath.Dir(j.in(dir)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(j.in(dir), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := fetch(t.Context(), server.URL+"/", d, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("got nil, want an error for the last jar")
	}
	if want := slices.Repeat([]string{"/" + jars[last].path}, jarTries); !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

// TestJars holds the lists to what Fetch relies on.
func TestJars(t *testing.T) {
	t.Parallel()
	sum := regexp.MustCompile(`^[0-9a-f]{64}$`)
	path := regexp.MustCompile(`^[a-zA-Z0-9._-]+(/[a-zA-Z0-9._-]+)+\.(jar|zip)$`)
	for _, d := range Distributions() {
		jars, err := d.jars()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(jars, func(a, b jar) int { return strings.Compare(a.path, b.path) }) {
			t.Errorf("%s: not in the order of the paths", d)
		}
		own := 0
		for _, j := range jars {
			if !sum.MatchString(j.sum) || !path.MatchString(j.path) || strings.Contains(j.path, "..") {
				t.Errorf("%s: got %+v", d, j)
			}
			if strings.Contains(j.path, "/"+d.Version+"/") && strings.Contains(j.path, d.Name) {
				own++
			}
		}
		if own == 0 {
			t.Errorf("%s: none of its own jars among %d", d, len(jars))
		}
	}
	if _, err := (Distribution{Name: "none", Version: "1"}).jars(); err == nil {
		t.Error("an unknown distribution: got nil, want an error")
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]string{
		"IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.15\"\n": "17",
		"JAVA_VERSION=\"25\"\n":                              "25",
		"JAVA_VERSION=\"1.8.0_402\"\n":                       "1",
		"":                                                   "",
	} {
		home := t.TempDir()
		write(t, filepath.Join(home, "release"), release)
		if got, err := versionOf(home); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", release, got, err, want)
		}
	}
	for _, home := range []string{"", t.TempDir()} {
		if got, err := versionOf(home); got != "" || err != nil {
			t.Errorf("no JDK: got %q, %v", got, err)
		}
	}
}
