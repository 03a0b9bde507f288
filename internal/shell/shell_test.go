package shell_test

import (
	"os/exec"
	"testing"

	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/printable"
)

// A command has the same meaning after it was made harmless to show, and the
// shell reads what was quoted.
func TestQuote(t *testing.T) {
	t.Parallel()
	var shells []string
	for _, name := range []string{"sh", "dash", "bash", "zsh"} {
		if path, err := exec.LookPath(name); err == nil {
			shells = append(shells, path)
		}
	}
	for text, want := range map[string]string{
		"":                      `''`,
		"jaeger:2.13":           `jaeger:2.13`,
		"http://u@h:1/a,b=%20+": `http://u@h:1/a,b=%20+`,
		"http://[::1]:14268/x":  `'http://[::1]:14268/x'`,
		"a=${X:}":               `'a=${X:}'`,
		"~/a":                   `'~/a'`,
		"it's größe":            `'it'\''s größe'`,
		"a\n::error x\x1b[31m'": `"$(printf 'a\012::error x\033[31m\047')"`,
		"\u202e\\x\xff":         `"$(printf '\342\200\256\134x\377')"`,
		"##[error]":             `"$(printf '\043\043[error]')"`,
		"-e\n100% $(x) `y`":     "\"$(printf '\\055e\\012100%% $(x) `y`')\"",
	} {
		got := shell.Quote(text)
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		if shown := printable.Text("echo " + got); shown != "echo "+got {
			t.Errorf("%q: shown as %s", text, shown)
		}
		for _, sh := range shells {
			read, err := exec.CommandContext(t.Context(), sh, "-c", "printf %s "+got).Output()
			if err != nil || string(read) != text {
				t.Errorf("%q: %s reads %q, %v", text, sh, read, err)
			}
		}
	}
}
