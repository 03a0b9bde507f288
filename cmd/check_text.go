package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/plural"
)

// checkView prints a check for people: a line for each finding as it comes, more
// where something is wrong, and the verdict last.
type checkView struct {
	w     io.Writer
	color bool
}

// needFailed is the code of probes that could not look because others failed.
const needFailed doctor.Code = "need-failed"

const (
	statusWidth = 7
	hopWidth    = 8
	detailTab   = "                  " // below a finding's fact
	furtherTab  = "    "               // so that no further line of a detail looks like a detail
)

// finding prints one finding. What is well needs a line only, and what was not
// looked at none; JSON tells why.
func (v *checkView) finding(f doctor.Finding) {
	f = harmlessFinding(f)
	if f.Status == doctor.StatusSkip {
		return
	}
	word, color := string(f.Status), 0
	switch f.Status {
	case doctor.StatusOK:
		color = ansiGreen
	case doctor.StatusFail:
		word, color = "FAIL", ansiRed
	case doctor.StatusWarn, doctor.StatusUnknown:
		color = ansiYellow
	case doctor.StatusSkip:
	}
	line := fmt.Sprintf("%s%s  %-*s %s", v.paint(color, word), strings.Repeat(" ", max(0, statusWidth-len(word))), hopWidth, f.Hop, f.Fact)
	if f.Status == doctor.StatusOK {
		fmt.Fprintln(v.w, line)
		return
	}
	fmt.Fprintf(v.w, "%s [%s]\n", line, f.Code)
	for _, detail := range details(f) {
		fmt.Fprintln(v.w, detailTab+strings.ReplaceAll(detail, "\n", "\n"+detailTab))
	}
}

// details are the lines below a finding's fact: what was seen, what it may be,
// and what to try. A further line of one stands deeper than it.
func details(f doctor.Finding) []string {
	var lines []string
	for _, evidence := range f.Evidence {
		lines = append(lines, "saw: "+evidence)
	}
	for _, cause := range f.Causes {
		lines = append(lines, "maybe: "+cause.Text)
		if cause.Command != "" {
			lines = append(lines, "  to confirm: "+cause.Command)
		}
	}
	for _, hint := range f.Hints {
		lines = append(lines, "hint: "+hint)
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\n", "\n"+furtherTab)
	}
	return lines
}

// verdict prints the sentence that everything was for.
func (v *checkView) verdict(r doctor.Report) {
	r = harmlessReport(r)
	color := ansiGreen
	switch r.Verdict.Answer {
	case doctor.AnswerNo:
		color = ansiRed
	case doctor.AnswerUnknown:
		color = ansiYellow
	case doctor.AnswerYes:
	}
	if n := skipped(r); n > 0 {
		fmt.Fprintf(v.w, "skip     %s not run: a required check failed\n", plural.Of(n, "check", "checks"))
	}
	fmt.Fprintf(v.w, "\n%s\n", v.paint(color, r.Verdict.Text))
	if r.Verdict.Fix != "" {
		fmt.Fprintf(v.w, "fix: %s\n", r.Verdict.Fix)
	}
	if r.Verdict.Code != "" && !r.Verdict.OK {
		fmt.Fprintf(v.w, "more: otdemo explain %s\n", r.Verdict.Code)
	}
}

// skipped counts the probes that could not look because others failed.
func skipped(r doctor.Report) int {
	n := 0
	for _, f := range r.Findings {
		if f.Code == needFailed {
			n++
		}
	}
	return n
}

// short prints what fits a chat message: the verdict, its fix, and what is odd.
func (v *checkView) short(r doctor.Report) {
	r = harmlessReport(r)
	fmt.Fprintln(v.w, r.Verdict.Text)
	if r.Verdict.Fix != "" {
		fmt.Fprintf(v.w, "fix: %s\n", r.Verdict.Fix)
	}
	for _, f := range r.Findings {
		if f.Status == doctor.StatusWarn {
			fmt.Fprintf(v.w, "warning: %s: %s\n", f.Hop, f.Fact)
		}
	}
}

func (v *checkView) paint(color int, s string) string { return paint(v.color, color, s) }
