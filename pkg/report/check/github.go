package check

import (
	"cmp"
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
	var b strings.Builder
	level := map[doctor.Answer]string{doctor.AnswerNo: "error", doctor.AnswerUnknown: "warning"}[r.Verdict.Answer]
	text := r.Verdict.Text
	if r.Verdict.Fix != "" {
		text += "\nfix: " + r.Verdict.Fix
	}
	annotate(&b, cmp.Or(level, "notice"), "check-jaeger", text)
	levels := map[doctor.Status]string{doctor.StatusFail: "error", doctor.StatusWarn: "warning", doctor.StatusUnknown: "warning"}
	for _, f := range r.Findings {
		if level := levels[f.Status]; level != "" {
			lines := append([]string{f.Fact}, details(f)...)
			annotate(&b, level, fmt.Sprintf("check-jaeger: %s (%s)", f.Hop, f.Code), strings.Join(lines, "\n"))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// annotate escapes as GitHub's own toolkit does (packages/core/src/command.ts).
func annotate(b *strings.Builder, level, title, text string) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	fmt.Fprintf(b, "::%s title=%s::%s\n", level, property.Replace(title), data.Replace(text))
}
