// Package check writes the report of check-jaeger: text for people, in full, short or
// one finding at a time, JSON and JUnit XML for programs, annotations for GitHub, and
// the archive of a bug report. Start at Text.
package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// Text writes a check for people: one line per finding as it comes, with details if
// something is wrong, and the verdict last. After an error it writes nothing more.
type Text struct {
	w    *bufio.Writer
	opts terminal.Options
}

// NewText returns a Text that writes to w.
func NewText(w io.Writer, opts terminal.Options) *Text {
	return &Text{w: bufio.NewWriter(w), opts: opts}
}

// needFailed is the code of probes that did not run because others failed.
const needFailed doctor.Code = "need-failed"

const (
	statusWidth = 7
	hopWidth    = 8
	detailTab   = "                  " // indents the details of a finding
	furtherTab  = "    "               // indents the other lines of a detail, which must not look like details
)

// Report writes all findings and the verdict.
func (t *Text) Report(r doctor.Report) error {
	for _, f := range r.Findings {
		t.Finding(f)
	}
	return t.Verdict(r)
}

// Finding writes one finding: a single line if it is ok, and nothing if its probe did
// not run; JSON has the reason. Verdict returns the error of writing.
func (t *Text) Finding(f doctor.Finding) {
	f = harmlessFinding(f)
	if f.Status == doctor.StatusSkip {
		return
	}
	defer t.w.Flush() // Verdict returns the error
	word, color := string(f.Status), terminal.Yellow
	switch f.Status {
	case doctor.StatusOK:
		color = terminal.Green
	case doctor.StatusFail:
		word, color = "FAIL", terminal.Red
	default:
	}
	line := fmt.Sprintf("%s%s  %-*s %s", t.opts.Paint(color, word), strings.Repeat(" ", max(0, statusWidth-len(word))), hopWidth, f.Hop, f.Fact)
	if f.Status == doctor.StatusOK {
		fmt.Fprintln(t.w, line)
		return
	}
	fmt.Fprintf(t.w, "%s [%s]\n", line, f.Code)
	for _, detail := range details(f) {
		fmt.Fprintln(t.w, detailTab+strings.ReplaceAll(detail, "\n", "\n"+detailTab))
	}
}

// details returns the lines below the fact of a finding: evidence, possible causes and
// hints. The second and later lines of each are indented further.
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

// Verdict writes how many probes did not run, the answer and its fix. It returns the
// first error of writing the report.
func (t *Text) Verdict(r doctor.Report) error {
	r = harmlessReport(r)
	color := terminal.Green
	switch r.Verdict.Answer {
	case doctor.AnswerNo:
		color = terminal.Red
	case doctor.AnswerUnknown:
		color = terminal.Yellow
	default:
	}
	skipped := 0
	for _, f := range r.Findings {
		if f.Code == needFailed {
			skipped++
		}
	}
	if skipped > 0 {
		fmt.Fprintf(t.w, "skip     %s not run: a required check failed\n", plural.Of(skipped, "check", "checks"))
	}
	fmt.Fprintf(t.w, "\n%s\n", t.opts.Paint(color, r.Verdict.Text))
	if r.Verdict.Fix != "" {
		fmt.Fprintf(t.w, "fix: %s\n", r.Verdict.Fix)
	}
	if r.Verdict.Code != "" && !r.Verdict.OK {
		fmt.Fprintf(t.w, "more: otdemo explain %s\n", r.Verdict.Code)
	}
	return t.w.Flush()
}

// WriteShort writes a report that fits a chat message: the verdict, its fix, and the
// warnings.
func WriteShort(w io.Writer, r doctor.Report) error {
	r = harmlessReport(r)
	var b strings.Builder
	fmt.Fprintln(&b, r.Verdict.Text)
	if r.Verdict.Fix != "" {
		fmt.Fprintf(&b, "fix: %s\n", r.Verdict.Fix)
	}
	for _, f := range r.Findings {
		if f.Status == doctor.StatusWarn {
			fmt.Fprintf(&b, "warning: %s: %s\n", f.Hop, f.Fact)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
