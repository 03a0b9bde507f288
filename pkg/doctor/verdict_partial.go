package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// nothingChecked reports whether none of the probes that were asked for came to a
// conclusion.
func nothingChecked(jobs []*job) bool {
	return !slices.ContainsFunc(jobs, func(j *job) bool { return j.asked && j.Finding.Status.Concludes() })
}

// unchecked is the verdict when nothing that was asked for could be looked at:
// that nothing was found wrong says nothing then.
func unchecked(jobs []*job) Verdict {
	left := notChecked(jobs)
	if len(left) == 0 {
		return Verdict{Answer: AnswerUnknown, Text: "nothing was checked: no probe is left to run"}
	}
	return Verdict{Answer: AnswerUnknown, Text: "nothing was checked: " + strings.Join(left, "; ")}
}

// notChecked are the probes that were named and did not come to a conclusion,
// with why.
func notChecked(jobs []*job) []string {
	var lines []string
	for _, j := range jobs {
		if j.named && !j.Finding.Status.Concludes() {
			lines = append(lines, j.Finding.ID+": "+j.Finding.Fact)
		}
	}
	return lines
}

// notAsked is the verdict of a run without a canary in which nothing failed.
func notAsked(jobs []*job, backend string) Verdict {
	v := Verdict{Answer: AnswerYes, Text: "nothing wrong found"}
	if odd := firstWarning(jobs); odd != nil {
		v.Text = "nothing failed, see the warnings: " + odd.Finding.Fact
		v.Fix = probe.First(odd.Finding.Hints)
	}
	if left := notChecked(jobs); len(left) > 0 {
		v.Text += "; not checked: " + strings.Join(left, "; ")
	}
	v.Text += fmt.Sprintf("; whether spans reach %s was not asked (no %s)", backend, probe.IDCanary)
	return v
}
