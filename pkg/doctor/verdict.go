package doctor

import (
	"fmt"
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/loss"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// withApplication adds to a verdict about the configuration the finding about
// the application given with --through, if any.
func (v Verdict) withApplication(jobs []*job) Verdict {
	i := slices.IndexFunc(jobs, func(j *job) bool { return j.probe.ID == probe.IDThrough })
	if i < 0 || v.Answer != AnswerYes || jobs[i].Finding.Code == probe.CodeNotUsed {
		return v
	}
	f := &jobs[i].Finding
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
		return Verdict{
			Answer: AnswerNo, FirstBrokenHop: f.Hop, Probe: f.ID, Code: f.Code,
			Text: fmt.Sprintf("%sthe application is NOT traced correctly: first broken hop: %s: %s", start, f.Hop, f.Fact),
			Fix:  probe.First(f.Hints),
		}
	default:
		return Verdict{
			Answer: AnswerUnknown, Probe: f.ID, Code: f.Code,
			Text: fmt.Sprintf("%scannot determine whether the application is traced: %s: %s", start, f.Hop, f.Fact),
			Fix:  probe.First(f.Hints),
		}
	}
}

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

// judge finds the first broken hop. Only findings about the path that the
// configuration uses are ever failures, so every failure counts; but a failure
// after that path leaves delivery unproven rather than disproven.
func judge(jobs []*job) Verdict {
	v := decide(aboutConfiguration(jobs)).withApplication(jobs)
	if v.Answer == AnswerYes && v.Probe == "" && nothingChecked(jobs) {
		v = unchecked(jobs)
	}
	v.OK = v.Answer == AnswerYes
	for _, j := range jobs {
		if j.Finding.Status == probe.StatusWarn {
			v.Warnings++
		}
	}
	return v
}

// backendOf returns the name of the backend from which traces are read back.
func backendOf(jobs []*job) string {
	for _, j := range jobs {
		if i, ok := j.Published.(identity.Identity); ok {
			return i.Backend()
		}
	}
	return identity.Identity{}.Backend()
}

func decide(jobs []*job) Verdict {
	backend := backendOf(jobs)
	if broken := firstBroken(jobs, probe.Hop.CarriesSpans); broken != nil {
		if v, ok := undecidedProtocol(jobs, backend); ok {
			return v
		}
		f := &causeOf(broken, jobs).Finding
		return Verdict{
			Answer:         AnswerNo,
			FirstBrokenHop: f.Hop,
			Probe:          f.ID,
			Code:           f.Code,
			Text:           fmt.Sprintf("spans do NOT reach %s: first broken hop: %s: %s", backend, f.Hop, f.Fact),
			Fix:            fix(f, jobs),
		}
	}
	for _, j := range jobs {
		if d, ok := j.Published.(canary.Delivery); ok && j.Finding.Status.Passes() {
			return Verdict{
				Answer: AnswerYes,
				Probe:  j.Finding.ID,
				Code:   j.Finding.Code,
				Text:   fmt.Sprintf("spans from this configuration reach %s (%s)", backend, d),
			}
		}
	}
	if unproven := firstUnproven(jobs); unproven != nil {
		f := &causeOf(unproven, jobs).Finding
		return Verdict{
			Answer: AnswerUnknown,
			Probe:  f.ID,
			Code:   f.Code,
			Text:   fmt.Sprintf("cannot determine whether spans reach %s: %s: %s", backend, f.Hop, f.Fact),
			Fix:    probe.First(f.Hints),
		}
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
		if broken == nil || j.Finding.Hop < broken.Finding.Hop {
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
	for _, j := range jobs {
		if j.Finding.Status == probe.StatusUnknown && !j.probe.Advisory {
			return j
		}
	}
	return nil
}

func firstWarning(jobs []*job) *job {
	for _, j := range jobs {
		if j.Finding.Status == probe.StatusWarn {
			return j
		}
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
	if !slices.Contains(avoidable, broken.Code) {
		return probe.First(broken.Hints)
	}
	best := probe.First(broken.Hints)
	for _, j := range jobs {
		if alternative, ok := j.Published.(canary.Alternative); ok && j.Finding.Code == canary.CodePathWorks {
			return alternative.Flag
		}
		switch {
		case j.Finding.ID == probe.IDUDPCompact && j.Finding.Code == canary.CodePathWorks:
			return probe.First(j.Finding.Hints)
		case j.Finding.Code == canary.CodeHTTPPathWorks:
			best = probe.First(j.Finding.Hints)
		}
	}
	return best
}
