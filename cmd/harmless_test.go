package cmd

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/printable/printabletest"
	"github.com/otdemo/otdemo/pkg/report/waterfall"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestHostileErrors prints untrusted text in everything but reports: traces, errors and
// warnings.
func TestHostileErrors(t *testing.T) {
	t.Parallel()
	var out, stderr bytes.Buffer
	a := app{env: &Env{Stdout: &out, Stderr: &stderr}, color: newEnumFlag("never")}
	tr := &trace.Trace{Spans: []trace.Span{{Operation: printabletest.Hostile, Process: &trace.Process{Service: printabletest.Hostile}, Warnings: []string{printabletest.Hostile}}}, Warnings: []string{printabletest.Hostile}}
	if err := waterfall.Write(&out, a.terminal(), tr); err != nil {
		t.Fatal(err)
	}
	printError(&stderr, errors.Join(errors.New(printabletest.Hostile), hint.New(errors.New("b"), printabletest.Hostile)))
	a.warnAll([]config.Warning{{Text: printabletest.Hostile, Hint: printabletest.Hostile}})
	for _, text := range []string{out.String(), stderr.String()} {
		if !strings.Contains(text, "PWNED") {
			t.Errorf("nothing is shown: %q", text)
		}
		printabletest.Check(t, text)
	}
}

func TestHostileLog(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"text", "json"} {
		const hostile = printabletest.Hostile
		var out bytes.Buffer
		a := &app{logFormat: newEnumFlag(form)}
		a.loggerAt(&out, "info").Info(hostile, hostile, hostile, "error", errors.New(hostile))
		if !strings.Contains(out.String(), "PWNED") {
			t.Errorf("%s: nothing is logged", form)
		}
		printabletest.Check(t, out.String())
	}
}
