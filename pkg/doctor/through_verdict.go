package doctor

import (
	"fmt"
	"slices"
)

// aboutConfiguration leaves out what is about an application, so that the way of
// the configuration is judged first: while that is broken, nothing can be said
// about others.
func aboutConfiguration(jobs []*job) []*job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return j.probe.ID == idThrough })
}

// withApplication adds to a verdict about the configuration what was found about
// the application that the user asked for, if any.
func (v Verdict) withApplication(jobs []*job) Verdict {
	i := slices.IndexFunc(jobs, func(j *job) bool { return j.probe.ID == idThrough })
	if i < 0 || v.Answer != AnswerYes || jobs[i].finding.Code == codeNotUsed {
		return v
	}
	f := &jobs[i].finding
	start := v.Text + ", "
	if v.Probe == "" {
		// The canary was not asked for, and the user knows.
		start = ""
	}
	switch f.Status {
	case StatusOK, StatusWarn:
		v.Text = start + f.Fact
		return v
	case StatusFail:
		return Verdict{
			Answer: AnswerNo, FirstBrokenHop: f.Hop, Probe: f.ID, Code: f.Code,
			Text: fmt.Sprintf("%sthe application is NOT traced as it should be: first broken hop: %s: %s", start, f.Hop, f.Fact),
			Fix:  first(f.Hints),
		}
	default:
		return Verdict{
			Answer: AnswerUnknown, Probe: f.ID, Code: f.Code,
			Text: fmt.Sprintf("%scannot tell about the application: %s: %s", start, f.Hop, f.Fact),
			Fix:  first(f.Hints),
		}
	}
}
