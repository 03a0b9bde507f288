package doctor

import (
	"os/exec"
	"testing"

	"github.com/otdemo/otdemo/pkg/printable"
)

// A command says the same after it was made harmless to show, and the shell reads
// what was quoted.
func TestShellQuote(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	for text, want := range map[string]string{
		"":                      `''`,
		"jaeger:2.13":           `jaeger:2.13`,
		"it's größe":            `'it'\''s größe'`,
		"a\n::error x\x1b[31m'": `$'a\012::error x\033[31m\''`,
		"\u202e\\x\xff":         `$'\342\200\256\\x\377'`,
		"##[error]":             `$'\043\043[error]'`,
	} {
		got := shellQuote(text)
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		if shown := printable.Text("echo " + got); shown != "echo "+got {
			t.Errorf("%q: shown as %s", text, shown)
		}
		if err != nil {
			continue // no bash here
		}
		read, err := exec.CommandContext(t.Context(), bash, "-c", "printf %s "+got).Output()
		if err != nil || string(read) != text {
			t.Errorf("%q: bash reads %q, %v", text, read, err)
		}
	}
}
