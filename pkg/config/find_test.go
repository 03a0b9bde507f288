package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

func TestFindFile(t *testing.T) {
	t.Parallel()
	const passedOver = "config.yaml: ignored, because it has none of otdemo's keys"
	const hint = "hint: pass --config config.yaml if it is intended for otdemo"
	tests := []struct {
		name, here, user, file string // "" makes no such file
		wantFile, wantService  string
		want                   []string
	}{
		{name: "none"},
		{name: "here", here: "service: here", user: "service: user", wantFile: "config.yaml", wantService: "here"},
		{name: "user's", user: "service: user", wantFile: "USER/otdemo/config.yaml", wantService: "user"},
		{name: "named", here: "service: here", file: "service: named", wantFile: "named.yaml", wantService: "named"},
		{name: "foreign", here: "version: 3\n", user: "service: user", wantFile: "USER/otdemo/config.yaml", wantService: "user", want: []string{passedOver, hint}},
		{name: "foreign list", here: "- a\n", want: []string{passedOver, hint}},
		{name: "foreign word", here: "hello\n", want: []string{passedOver, hint}},
		{name: "a section is ours", here: "sampler:\n", wantFile: "config.yaml"},
		{name: "empty", here: "\n", user: "service: user", wantFile: "config.yaml"},
		{name: "comments", here: "# nothing\n---\n# yet\n", wantFile: "config.yaml"},
		{name: "empty second document", here: "service: a\n---\n", wantFile: "config.yaml", wantService: "a"},
		{name: "empty list", here: "tags:\n#  - {name: a, value: b}\nservice: a\n", wantFile: "config.yaml", wantService: "a"},
		{name: "alias", here: "service: &x a\ncall.url: http://a/\nreporter.collector.user: ''\ntags: [{name: a, value: *x}]\n", wantFile: "config.yaml", wantService: "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := config.Source{Dir: t.TempDir(), UserDir: t.TempDir()}
			if tt.here != "" {
				write(t, filepath.Join(src.Dir, "config.yaml"), tt.here)
			}
			user := filepath.Join(src.UserDir, "otdemo", "config.yaml")
			if tt.user != "" {
				write(t, user, tt.user)
			}
			if tt.file != "" {
				src.File = "named.yaml"
				write(t, filepath.Join(src.Dir, src.File), tt.file)
			}
			loaded := mustLoad(t, src)
			want := tt.wantFile
			if want == "USER/otdemo/config.yaml" {
				want = user
			}
			if got := loaded.File; got != want {
				t.Errorf("File = %q, want %q", got, want)
			}
			if got := loaded.Config.Service; got != tt.wantService {
				t.Errorf("service = %q, want %q", got, tt.wantService)
			}
			if diff := cmp.Diff(tt.want, warned(loaded)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "config.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "huge.yaml"), "service: "+string(make([]byte, 1<<20)))
	const directory = "hint: name a file; Docker makes a directory where the file of a bind mount does not exist"
	tests := []struct {
		name string
		src  config.Source
		want []string
	}{
		{"missing", config.Source{Dir: dir, File: "nope.yaml"}, []string{`--config: cannot read "nope.yaml": no such file or directory`}},
		{"directory", config.Source{Dir: dir, File: "."}, []string{`--config: cannot read ".": is a directory`, directory}},
		{"directory found", config.Source{Dir: dir}, []string{`cannot read "config.yaml": is a directory`, directory}},
		{"huge", config.Source{Dir: dir, File: "huge.yaml"}, []string{`--config: cannot read "huge.yaml": larger than 1 MiB`}},
		{
			"with other faults",
			config.Source{Dir: dir, File: "nope.yaml", Environ: []string{"OTDEMO_SERVE_PORT=x"}},
			[]string{
				`OTDEMO_SERVE_PORT: serve.port must be a whole number, got "x"`, "hint: the default is OTDEMO_SERVE_PORT=8000",
				`--config: cannot read "nope.yaml": no such file or directory`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(tt.src)
			if diff := cmp.Diff(tt.want, said(err)); diff != "" {
				t.Errorf("Load says (-want +got):\n%s", diff)
			}
		})
	}
	_, err := config.Load(tests[0].src)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v does not wrap fs.ErrNotExist", err)
	}
}
