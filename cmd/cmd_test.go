package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/doctor"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("no"), 1},
		{usageError(errors.New("bad flag")), 2},
		{fmt.Errorf("wrapped: %w", usageError(errors.New("bad flag"))), 2},
		{&exitError{code: exitUnknown}, 3},
		{usageError(fmt.Errorf("-d: %w", context.Canceled)), 130},
		{context.Canceled, 130},
		{fmt.Errorf("call: %w", context.Canceled), 130},
	}
	for _, tt := range tests {
		if got := exitCode(tt.err); got != tt.want {
			t.Errorf("exitCode(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestPrintError(t *testing.T) {
	t.Parallel()
	first, second := errors.New("first is wrong"), errors.New("second is wrong:\nsee there")
	err := usageError(errors.Join(hint.New(first, "mend the first"), errors.Join(second)))
	var got bytes.Buffer
	printError(&got, err)
	want := `otdemo: error: first is wrong
otdemo: hint: mend the first
otdemo: error: second is wrong:
  see there
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	got.Reset()
	printError(&got, usageError(fmt.Errorf("-d: %w", context.Canceled)))
	if want := "otdemo: error: interrupted\n"; got.String() != want {
		t.Errorf("printed %q for a signal, want %q", got.String(), want)
	}
	got.Reset()
	printError(&got, &exitError{code: exitFailed})
	if got.Len() != 0 {
		t.Errorf("printed %q for an error that has been told, want nothing", got.String())
	}
}

func TestCheckExit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		verdict      doctor.Verdict
		warningsFail bool
		want         int
	}{
		{doctor.Verdict{Answer: doctor.AnswerYes}, false, 0},
		{doctor.Verdict{Answer: doctor.AnswerYes, Warnings: 1}, false, 0},
		{doctor.Verdict{Answer: doctor.AnswerYes, Warnings: 1}, true, 1},
		{doctor.Verdict{Answer: doctor.AnswerNo}, false, 1},
		{doctor.Verdict{Answer: doctor.AnswerUnknown}, false, 3},
		{doctor.Verdict{Answer: doctor.AnswerUnknown, Warnings: 2}, true, 1},
	}
	for _, tt := range tests {
		if got := exitCode(checkExit(tt.verdict, tt.warningsFail)); got != tt.want {
			t.Errorf("exit code of %+v (warnings fail: %v) is %d, want %d", tt.verdict, tt.warningsFail, got, tt.want)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	good := map[string]string{"256MiB": "256MiB", "1GiB": "1GiB", "1024KiB": "1MiB", "1MB": "1000000B", "64 MiB": "64MiB", "1025B": "1025B"}
	for in, want := range good {
		n, err := parseSize(in)
		if got := formatSize(n); err != nil || got != want {
			t.Errorf("parseSize(%q) gives %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "1", "MiB", "-1MiB", "0B", "1.5GiB", "9999999999GiB", "1TiB"} {
		if n, err := parseSize(in); err == nil {
			t.Errorf("parseSize(%q) gives %s, want an error", in, formatSize(n))
		}
	}
}

// A flag keeps its text when a new one is invalid.
func TestFlagsOfAllInOne(t *testing.T) {
	t.Parallel()
	flags := newAllInOne(&app{env: &Env{}}).Flags()
	for _, tt := range []struct{ flag, before, good, bad string }{
		{"max-memory", "256MiB", "1GiB", "1"},
		{"agent-port", "6831", "0", "65536"},
		{"otlp-grpc-port", "4317", "Off", "on"},
	} {
		value := flags.Lookup(tt.flag).Value
		if got := value.String(); got != tt.before {
			t.Errorf("--%s: got %s at first, want %s", tt.flag, got, tt.before)
		}
		if err := value.Set(tt.good); err != nil {
			t.Errorf("--%s %s: %v", tt.flag, tt.good, err)
		}
		if err := value.Set(tt.bad); err == nil || value.String() != tt.good {
			t.Errorf("--%s %s: got %v and the value %s, want an error and %s", tt.flag, tt.bad, err, value, tt.good)
		}
	}
}

func TestSamplingFlag(t *testing.T) {
	t.Parallel()
	f := newAllInOne(&app{env: &Env{}}).Flags().Lookup("sampling").Value
	if got, want := f.String(), "const:1"; got != want {
		t.Errorf("got default %s, want %s", got, want)
	}
	for _, in := range []string{"const:0", "const:1", "probabilistic:0.25", "ratelimiting:5"} {
		if err := f.Set(in); err != nil || f.String() != in {
			t.Errorf("Set(%q) gives %s, %v", in, f, err)
		}
	}
	for _, in := range []string{"", "const", "const:2", "probabilistic:1.5", "probabilistic:NaN", "ratelimiting:-1", "remote:1"} {
		if err := f.Set(in); err == nil {
			t.Errorf("Set(%q) gives %s, want an error", in, f)
		}
	}
}

func TestPortFlags(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	ports := portFlags(flags)
	if err := flags.Parse([]string{"--free-ports", "--query-port", "1", "--zipkin-port", "OFF"}); err != nil {
		t.Fatal(err)
	}
	got := ports()
	if got[allinone.Query] != 1 || got[allinone.Zipkin] != allinone.Off || got[allinone.AgentCompact] != 0 {
		t.Errorf("got %v, want the query port 1, Zipkin off, and free ports", got)
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		color         string
		terminal      bool
		environ       []string
		colored, only bool
	}{
		{color: "auto", terminal: true, environ: []string{"LANG=en_US.UTF-8"}, colored: true},
		{color: "auto", terminal: false, environ: []string{"LANG=en_US.UTF-8"}},
		{color: "auto", terminal: true, environ: []string{"NO_COLOR=1", "LANG=C.utf8"}},
		{color: "auto", terminal: true, environ: []string{"TERM=dumb"}, only: true},
		{color: "always", environ: []string{"LC_ALL=C", "LANG=C.UTF-8"}, colored: true, only: true},
		{color: "never", terminal: true, environ: []string{"LC_CTYPE=de_DE.UTF-8", "LANG=C"}},
	}
	for _, tt := range tests {
		a := &app{env: &Env{Environ: tt.environ, StdoutTerminal: tt.terminal}, color: newEnumFlag(tt.color)}
		if a.colored() != tt.colored || a.plain() != tt.only {
			t.Errorf("--color %s with %v, terminal %v: colored %v, ASCII only %v; want %v, %v",
				tt.color, tt.environ, tt.terminal, a.colored(), a.plain(), tt.colored, tt.only)
		}
	}
}

func TestVersionLine(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{GoVersion: "go1.26.8"}
	if got, want := versionLine(info), "otdemo development version, go1.26.8"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	info.Main.Version = "v1.2.3"
	info.Settings = []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"},
		{Key: "vcs.modified", Value: "true"},
	}
	if got, want := versionLine(info), "otdemo v1.2.3, commit 0123456789ab (modified), go1.26.8"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGetenv(t *testing.T) {
	t.Parallel()
	env := &Env{Environ: []string{"A=1", "AB=2", "A=3", "EMPTY="}}
	for name, want := range map[string]string{"A": "3", "AB": "2", "EMPTY": "", "NONE": ""} {
		if got := env.Getenv(name); got != want {
			t.Errorf("Getenv(%q) = %q, want %q", name, got, want)
		}
	}
}
