package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/loss"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// SchemaVersion is that of Report's JSON. Fields are added, never renamed.
const SchemaVersion = 1

// Report is the result of a run.
type Report struct {
	SchemaVersion int     `json:"schema_version"`
	Verdict       Verdict `json:"verdict"`
	// Findings are in the order of Probes, one for each probe that was chosen.
	Findings []probe.Finding `json:"findings"`
	Started  time.Time       `json:"started"`
	// ElapsedMS is how long the run took, in milliseconds.
	ElapsedMS float64 `json:"elapsed_ms"`
}

// Answer is whether spans from the configuration reach Jaeger.
type Answer string

// The answers.
const (
	AnswerYes     Answer = "yes"
	AnswerNo      Answer = "no"
	AnswerUnknown Answer = "unknown"
)

// Verdict is a report in a line.
type Verdict struct {
	// OK is Answer == AnswerYes.
	OK     bool   `json:"ok"`
	Answer Answer `json:"answer"`
	// FirstBrokenHop is empty unless the answer is no.
	FirstBrokenHop probe.Hop `json:"first_broken_hop,omitzero"`
	// Probe and Code name the finding that decided.
	Probe string     `json:"probe,omitempty"`
	Code  probe.Code `json:"code,omitempty"`
	// Text is one sentence.
	Text string `json:"text"`
	// Fix is the one line to try first; empty if the answer is yes or no fix is
	// known.
	Fix string `json:"fix,omitempty"`
	// Warnings is the number of findings with StatusWarn.
	Warnings int `json:"warnings"`
}

// decidedBy returns the verdict of a finding, which is the reason of a claim.
func decidedBy(f *probe.Finding, answer Answer, claim string) Verdict {
	v := Verdict{Answer: answer, Probe: f.ID, Code: f.Code, Fix: probe.First(f.Hints)}
	if answer == AnswerNo {
		v.FirstBrokenHop = f.Hop
		claim += ": first broken hop"
	}
	v.Text = fmt.Sprintf("%s: %s: %s", claim, f.Hop, f.Fact)
	return v
}

// judge finds the first broken hop. Only findings about the path that the
// configuration uses are ever failures, so every failure counts; but a failure
// after that path leaves delivery unproven rather than disproven. While the path
// is broken, nothing is known about an application that uses it.
func judge(jobs []*job) Verdict {
	isThrough := func(j *job) bool { return j.probe.ID == probe.IDThrough }
	v := decide(slices.DeleteFunc(slices.Clone(jobs), isThrough))
	if i := slices.IndexFunc(jobs, isThrough); i >= 0 {
		v = v.withApplication(&jobs[i].Finding)
	}
	left := notChecked(jobs)
	switch {
	case v.Answer != AnswerYes:
	case !nothingChecked(jobs), left == "" && v.Probe != "":
		if left != "" && v.Probe != "" {
			v.Text += "; not checked: " + left
		}
	case slices.ContainsFunc(jobs, func(j *job) bool { return j.named && j.Finding.Status == probe.StatusUnknown }):
		v = Verdict{Answer: AnswerUnknown, Text: "inconclusive: " + left}
	default:
		v = Verdict{Answer: AnswerUnknown, Text: "nothing was checked: " + cmp.Or(left, "no probes are left to run")}
	}
	v.OK = v.Answer == AnswerYes
	for _, j := range jobs {
		if j.Finding.Status == probe.StatusWarn {
			v.Warnings++
		}
	}
	return v
}

// withApplication adds to a verdict about the configuration the finding about
// the application given with --through, if any.
func (v Verdict) withApplication(f *probe.Finding) Verdict {
	if v.Answer != AnswerYes || f.Code == probe.CodeNotUsed {
		return v
	}
	start := v.Text + ", "
	if v.Probe == "" {
		// The canary was not requested, so its absence is not mentioned.
		start = ""
	}
	switch f.Status {
	case probe.StatusOK, probe.StatusWarn:
		v.Text = start + f.Fact
		return v
	case probe.StatusFail:
		return decidedBy(f, AnswerNo, start+"the application is NOT traced correctly")
	default:
		return decidedBy(f, AnswerUnknown, start+"cannot determine whether the application is traced")
	}
}

// published returns the first value of that type that a probe published, and its job.
func published[T any](jobs []*job) (value T, by *job) {
	for _, j := range jobs {
		if v, ok := j.Published.(T); ok {
			return v, j
		}
	}
	return value, nil
}

func decide(jobs []*job) Verdict {
	shown, _ := published[identity.Identity](jobs)
	backend := shown.Backend()
	if broken := firstBroken(jobs, probe.Hop.CarriesSpans); broken != nil {
		if v, ok := undecidedProtocol(jobs, backend); ok {
			return v
		}
		f := &causeOf(broken, jobs).Finding
		v := decidedBy(f, AnswerNo, "spans do NOT reach "+backend)
		v.Fix = fix(f, jobs)
		return v
	}
	if d, j := published[canary.Delivery](jobs); j != nil && j.Finding.Status.Passes() {
		return Verdict{
			Answer: AnswerYes,
			Probe:  j.Finding.ID,
			Code:   j.Finding.Code,
			Text:   fmt.Sprintf("spans from this configuration reach %s (%s)", backend, d),
		}
	}
	if unproven := firstUnproven(jobs); unproven != nil {
		return decidedBy(&causeOf(unproven, jobs).Finding, AnswerUnknown, "cannot determine whether spans reach "+backend)
	}
	return withoutCanary(jobs, backend)
}

// firstBroken returns the failure with the first hop of a kind, and of those
// the first in the report.
func firstBroken(jobs []*job, kind func(probe.Hop) bool) *job {
	var broken *job
	for _, j := range jobs {
		if j.Finding.Status != probe.StatusFail || !kind(j.Finding.Hop) {
			continue
		}
		if broken == nil || j.Finding.Hop.Before(broken.Finding.Hop) {
			broken = j
		}
	}
	return broken
}

// causeOf returns the failure that explains another one, or that one itself. A
// fault has one name: that of its cause, which has the better fix. Jaeger's
// counters show where a span is lost but not why, so they come last. A storage
// from which another span of the run was read back cannot be the cause of a
// lost canary.
func causeOf(broken *job, jobs []*job) *job {
	canaryStored := broken.Finding.ID == probe.IDCanary && readBack(jobs)
	cause := broken
	for _, j := range jobs {
		f := &j.Finding
		switch {
		case f.Status != probe.StatusFail || f.Explains != broken.Finding.ID || canaryStored && f.Hop == probe.HopStorage:
		case f.ID == probe.IDStorageCounters:
			cause = j
		default:
			return j
		}
	}
	return cause
}

// readBack reports whether a span of the run was read back, by any path.
func readBack(jobs []*job) bool {
	return slices.ContainsFunc(jobs, func(j *job) bool {
		lost, _ := j.Published.(canary.LostCanary)
		shown := slices.ContainsFunc(lost.Spans, func(s probe.SentRecord) bool { return s.Shown })
		return shown || loss.ReadsBack(j.Finding.Code)
	})
}

// firstUnproven returns why nothing is proven: a failure after the spans' path,
// otherwise the first inconclusive probe. Advisory probes do not count.
func firstUnproven(jobs []*job) *job {
	if broken := firstBroken(jobs, func(probe.Hop) bool { return true }); broken != nil {
		return broken
	}
	return first(jobs, func(j *job) bool { return j.Finding.Status == probe.StatusUnknown && !j.probe.Advisory })
}

func first(jobs []*job, holds func(*job) bool) *job {
	if i := slices.IndexFunc(jobs, holds); i >= 0 {
		return jobs[i]
	}
	return nil
}

// fix prefers a path that was proven to work over one that should, and of those
// the one closest to the configuration.
func fix(broken *probe.Finding, jobs []*job) string {
	avoidable := []probe.Code{
		probe.CodeUDPRefused, probe.CodeUDPUnreachable, probe.CodeCanaryLost, probe.CodeCanaryNotSent,
		probe.CodeCollectorRefused, probe.CodeCollectorTimeout, probe.CodeCollectorUnreachable, loss.CodeNotReceived,
	}
	best := probe.First(broken.Hints)
	if !slices.Contains(avoidable, broken.Code) {
		return best
	}
	for _, j := range jobs {
		alternative, ok := j.Published.(canary.Alternative)
		switch works := j.Finding.Code == canary.CodePathWorks; {
		case works && ok:
			return alternative.Flag
		case works && j.Finding.ID == probe.IDUDPCompact:
			return probe.First(j.Finding.Hints)
		case j.Finding.Code == canary.CodeHTTPPathWorks:
			best = probe.First(j.Finding.Hints)
		}
	}
	return best
}

// nothingChecked reports whether none of the requested probes was conclusive:
// finding no problem then proves nothing.
func nothingChecked(jobs []*job) bool {
	return !slices.ContainsFunc(jobs, func(j *job) bool { return j.requested && j.Finding.Status.Concludes() })
}

// notChecked lists the probes that were named and did not come to a conclusion,
// with why.
func notChecked(jobs []*job) string {
	var lines []string
	for _, j := range jobs {
		if j.named && !j.Finding.Status.Concludes() {
			lines = append(lines, j.Finding.ID+": "+j.Finding.Fact)
		}
	}
	return strings.Join(lines, "; ")
}

// undecidedProtocol is the verdict when spans arrive over gRPC and not over HTTP, and
// the environment does not say which of the two the service uses. A fault of the
// configuration, the names or the sampler is one for both.
func undecidedProtocol(jobs []*job, backend string) (Verdict, bool) {
	ofBoth := func(hop probe.Hop) bool {
		return hop == probe.HopConfig || hop == probe.HopResolve || hop == probe.HopSampling
	}
	_, j := published[canary.OnlyOverGRPC](jobs)
	if j == nil || firstBroken(jobs, ofBoth) != nil {
		return Verdict{}, false
	}
	v := decidedBy(&j.Finding, AnswerUnknown, "")
	v.Text = fmt.Sprintf("whether spans reach %s depends on the service's SDK: %s", backend, j.Finding.Fact)
	return v, true
}

// withoutCanary is the verdict of a run without a canary in which nothing failed.
func withoutCanary(jobs []*job, backend string) Verdict {
	v := Verdict{Answer: AnswerYes, Text: "no problem found"}
	if warning := first(jobs, func(j *job) bool { return j.Finding.Status == probe.StatusWarn }); warning != nil {
		v.Text = "no failure, but warnings: " + warning.Finding.Fact
		v.Fix = probe.First(warning.Finding.Hints)
	}
	if left := notChecked(jobs); left != "" {
		v.Text += "; not checked: " + left
	}
	v.Text += fmt.Sprintf("; not checked whether spans reach %s (no %s)", backend, probe.IDCanary)
	return v
}
