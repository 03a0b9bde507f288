package check

import (
	"fmt"
	"io"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor"
)

// WriteGitHub writes workflow commands, which GitHub Actions shows as annotations
// (docs.github.com, "Workflow commands"): an error for the verdict and each
// failure, a warning for each warning and unknown result.
func WriteGitHub(w io.Writer, r doctor.Report) error {
	r = harmlessReport(r)
	level := "notice"
	switch r.Verdict.Answer {
	case doctor.AnswerNo:
		level = "error"
	case doctor.AnswerUnknown:
		level = "warning"
	case doctor.AnswerYes:
	}
	text := r.Verdict.Text
	if r.Verdict.Fix != "" {
		text += "\nfix: " + r.Verdict.Fix
	}
	if err := annotate(w, level, "check-jaeger", text); err != nil {
		return err
	}
	for _, f := range r.Findings {
		switch f.Status {
		case doctor.StatusFail:
			level = "error"
		case doctor.StatusWarn, doctor.StatusUnknown:
			level = "warning"
		case doctor.StatusOK, doctor.StatusSkip:
			continue
		}
		title := fmt.Sprintf("check-jaeger: %s (%s)", f.Hop, f.Code)
		text := strings.Join(append([]string{f.Fact}, details(f)...), "\n")
		if err := annotate(w, level, title, text); err != nil {
			return err
		}
	}
	return nil
}

// annotate escapes as GitHub's own toolkit does (packages/core/src/command.ts).
func annotate(w io.Writer, level, title, text string) error {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	_, err := fmt.Fprintf(w, "::%s title=%s::%s\n", level, property.Replace(title), data.Replace(text))
	return err
}
