package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/printable/printabletest"
)

// Untrusted text in any string of a report is made harmless in every format.
func TestHostileReport(t *testing.T) {
	t.Parallel()
	const hostile = printabletest.Hostile
	for _, status := range []doctor.Status{doctor.StatusOK, doctor.StatusWarn, doctor.StatusFail, doctor.StatusUnknown, hostile} {
		for _, verdict := range []doctor.Answer{doctor.AnswerNo, doctor.AnswerUnknown, hostile} {
			report := badReport()
			printabletest.Fill(&report, hostile)
			report.Verdict.Answer = verdict
			for i := range report.Findings {
				report.Findings[i].Status = status
			}
			for form, write := range forms() {
				if form == "text-color" {
					continue // has escapes of its own
				}
				var out bytes.Buffer
				if err := write(&out, report); err != nil {
					t.Fatal(err)
				}
				text := out.String()
				if !strings.Contains(text, "PWNED") {
					t.Errorf("%s: nothing is shown: %q", form, text)
				}
				if form == "github" { // has commands of its own, one a line
					text = regexp.MustCompile(`(?m)^::(notice|warning|error) title=[^:]*::`).ReplaceAllString(text, "$1 ")
				}
				printabletest.Check(t, text)
				if form == "json" {
					wantInJSON(t, out.Bytes(), hostile)
				}
			}
			wantHarmlessBundle(t, report)
		}
	}
}

// wantInJSON fails unless the document contains the complete text.
func wantInJSON(t *testing.T, document []byte, text string) {
	t.Helper()
	var got any
	if err := json.Unmarshal(document, &got); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(fmt.Sprint(got), string([]rune(text))) {
		t.Errorf("%q is not in %s", text, document)
	}
}

func wantHarmlessBundle(t *testing.T, report doctor.Report) {
	t.Helper()
	const hostile = printabletest.Hostile
	b := Bundle{
		Report: report,
		Config: &config.Loaded{
			File:     hostile,
			Values:   []config.Value{{Key: "service", Text: hostile, Origin: config.Origin{Detail: hostile}}},
			Warnings: []config.Warning{{Text: hostile}},
		},
		Exchanges: []doctor.Exchange{{
			URL: hostile, Err: hostile, Status: 500, Body: []byte(hostile),
			Header: map[string][]string{hostile: {hostile}},
		}},
	}
	files, err := b.files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		printabletest.Check(t, string(f.content))
	}
	if last := string(files[len(files)-1].content); !strings.Contains(last, `\x1b]0;PWNED`) {
		t.Errorf("the raw response is not in %q", last)
	}
}
