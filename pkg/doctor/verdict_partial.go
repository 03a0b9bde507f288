package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// nothingChecked reports whether none of the requested probes was conclusive.
func nothingChecked(jobs []*job) bool {
	return !slices.ContainsFunc(jobs, func(j *job) bool { return j.requested && j.Finding.Status.Concludes() })
}

// unchecked returns the verdict if no requested probe was conclusive: finding
// no problem then proves nothing.
func unchecked(jobs []*job) Verdict {
	left := notChecked(jobs)
	if len(left) == 0 {
		return Verdict{Answer: AnswerUnknown, Text: "nothing was checked: no probes are left to run"}
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

// undecidedProtocol is the verdict when spans arrive over gRPC and not over HTTP, and
// the environment does not say which of the two the service uses. A fault of the
// configuration, the names or the sampler is one for both.
func undecidedProtocol(jobs []*job, backend string) (Verdict, bool) {
	ofBoth := func(hop probe.Hop) bool {
		return hop == probe.HopConfig || hop == probe.HopResolve || hop == probe.HopSampling
	}
	if firstBroken(jobs, ofBoth) != nil {
		return Verdict{}, false
	}
	for _, j := range jobs {
		if _, ok := j.Published.(canary.OnlyOverGRPC); ok {
			return Verdict{
				Answer: AnswerUnknown, Probe: j.Finding.ID, Code: j.Finding.Code,
				Text: fmt.Sprintf("whether spans reach %s depends on the service's SDK: %s", backend, j.Finding.Fact),
				Fix:  probe.First(j.Finding.Hints),
			}, true
		}
	}
	return Verdict{}, false
}

// withoutCanary is the verdict of a run without a canary in which nothing failed.
func withoutCanary(jobs []*job, backend string) Verdict {
	v := Verdict{Answer: AnswerYes, Text: "no problem found"}
	if warning := firstWarning(jobs); warning != nil {
		v.Text = "no failure, but warnings: " + warning.Finding.Fact
		v.Fix = probe.First(warning.Finding.Hints)
	}
	if left := notChecked(jobs); len(left) > 0 {
		v.Text += "; not checked: " + strings.Join(left, "; ")
	}
	v.Text += fmt.Sprintf("; not checked whether spans reach %s (no %s)", backend, probe.IDCanary)
	return v
}
