package run

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/printable/printabletest"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// Untrusted text in any string of a run is made harmless in every format.
func TestHostileRun(t *testing.T) {
	t.Parallel()
	forms := map[string]func(io.Writer, *Report) error{
		"text":   func(w io.Writer, r *Report) error { return WriteText(w, terminal.Options{}, r) },
		"html":   WriteHTML,
		"json":   WriteJSON,
		"ledger": func(w io.Writer, r *Report) error { return WriteLedger(w, terminal.Options{}, r.Ledger) },
	}
	for _, interrupted := range []bool{false, true} {
		run := badRun()
		printabletest.Fill(run, printabletest.Hostile)
		run.Outcome.Interrupted = interrupted
		run.Run.QueryURL = "http://localhost:16686"
		for form, write := range forms {
			var out bytes.Buffer
			if err := write(&out, run); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), "PWNED") {
				t.Errorf("%s: nothing is shown", form)
			}
			printabletest.Check(t, out.String())
		}
	}
}

func TestHostileCall(t *testing.T) {
	t.Parallel()
	for form, write := range map[string]func(io.Writer, *Call) error{"text": WriteCallText, "json": WriteCallJSON} {
		var out bytes.Buffer
		if err := write(&out, &Call{Response: client.Result{Body: []byte(printabletest.Hostile)}}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "PWNED") {
			t.Errorf("%s: nothing is shown: %q", form, out.String())
		}
		printabletest.Check(t, out.String())
	}
}
