package doctor

import (
	"fmt"
	"slices"
	"time"
)

// SchemaVersion is that of Report's JSON. Fields are added, never renamed.
const SchemaVersion = 1

// Report is the result of a run.
type Report struct {
	SchemaVersion int     `json:"schema_version"`
	Verdict       Verdict `json:"verdict"`
	// Findings are in the order of Probes, one for each probe that was chosen.
	Findings []Finding `json:"findings"`
	Started  time.Time `json:"started"`
	// ElapsedMS is how long the run took, in milliseconds.
	ElapsedMS float64 `json:"elapsed_ms"`
}

// Answer says whether spans from the configuration reach Jaeger.
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
	FirstBrokenHop Hop `json:"first_broken_hop,omitzero"`
	// Probe and Code name the finding that decided.
	Probe string `json:"probe,omitempty"`
	Code  Code   `json:"code,omitempty"`
	// Text is one sentence.
	Text string `json:"text"`
	// Fix is the one line to try first; empty when the answer is yes or nothing
	// is known to help.
	Fix string `json:"fix,omitempty"`
	// Warnings is the number of findings with StatusWarn.
	Warnings int `json:"warnings"`
}

// judge finds the first broken hop. Only findings about the way that the
// configuration uses are ever failures, so every failure counts; but what fails
// beyond the spans' way leaves delivery unproven rather than disproven.
func judge(jobs []*job) Verdict {
	v := decide(aboutConfiguration(jobs)).withApplication(jobs)
	if v.Answer == AnswerYes && v.Probe == "" && nothingChecked(jobs) {
		v = unchecked(jobs)
	}
	v.OK = v.Answer == AnswerYes
	for _, j := range jobs {
		if j.finding.Status == StatusWarn {
			v.Warnings++
		}
	}
	return v
}

// backendOf is whose traces are read back, by what identity learned.
func backendOf(jobs []*job) string {
	for _, j := range jobs {
		if i, ok := j.learned.(identity); ok {
			return i.backend()
		}
	}
	return identity{}.backend()
}

func decide(jobs []*job) Verdict {
	backend := backendOf(jobs)
	if broken := firstBroken(jobs, Hop.carriesSpans); broken != nil {
		f := &causeOf(broken, jobs).finding
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
		if d, ok := j.learned.(delivery); ok && j.finding.Status.passes() {
			return Verdict{
				Answer: AnswerYes,
				Probe:  j.finding.ID,
				Code:   j.finding.Code,
				Text:   fmt.Sprintf("spans from this configuration reach %s (%s)", backend, d),
			}
		}
	}
	if doubt := firstDoubt(jobs); doubt != nil {
		f := &causeOf(doubt, jobs).finding
		return Verdict{
			Answer: AnswerUnknown,
			Probe:  f.ID,
			Code:   f.Code,
			Text:   fmt.Sprintf("cannot tell whether spans reach %s: %s: %s", backend, f.Hop, f.Fact),
			Fix:    first(f.Hints),
		}
	}
	return notAsked(jobs, backend)
}

// firstBroken returns the failure with the first hop of a kind, and of those
// the first in the report.
func firstBroken(jobs []*job, kind func(Hop) bool) *job {
	var broken *job
	for _, j := range jobs {
		if j.finding.Status != StatusFail || !kind(j.finding.Hop) {
			continue
		}
		if broken == nil || j.finding.Hop < broken.finding.Hop {
			broken = j
		}
	}
	return broken
}

// causeOf returns the failure that explains another one, or that one itself. A
// fault has one name: that of its cause, which has the better fix. Jaeger's
// counters say where a span is lost and not why, so that they come last. A storage
// from which another span of the run was read back is no cause of a lost canary.
func causeOf(broken *job, jobs []*job) *job {
	stores := broken.finding.ID == idCanary && readBack(jobs)
	cause := broken
	for _, j := range jobs {
		f := &j.finding
		switch {
		case f.Status != StatusFail || f.Explains != broken.finding.ID || stores && f.Hop == HopStorage:
		case f.ID == idStorageCounters:
			cause = j
		default:
			return j
		}
	}
	return cause
}

// readBack reports whether a span of the run was read back, whichever way it
// took.
func readBack(jobs []*job) bool {
	return slices.ContainsFunc(jobs, func(j *job) bool {
		lost, _ := j.learned.(lostCanary)
		shown := slices.ContainsFunc(lost.spans, func(s sentRecord) bool { return s.shown })
		return shown || readsBack(j.finding.Code)
	})
}

// firstDoubt returns why nothing is proven: a failure outside of the spans' way,
// else what could not tell. What the doctor only tried in passing is no reason.
func firstDoubt(jobs []*job) *job {
	if beyond := firstBroken(jobs, func(Hop) bool { return true }); beyond != nil {
		return beyond
	}
	for _, j := range jobs {
		if j.finding.Status == StatusUnknown && !j.probe.Aside {
			return j
		}
	}
	return nil
}

func firstWarning(jobs []*job) *job {
	for _, j := range jobs {
		if j.finding.Status == StatusWarn {
			return j
		}
	}
	return nil
}

// fix prefers a way that was proven to work over what should, and of those the
// one that is nearest to what is configured.
func fix(broken *Finding, jobs []*job) string {
	avoidable := []Code{
		codeUDPRefused, codeUDPUnreachable, codeCanaryLost, codeCanaryNotSent,
		codeCollectorRefused, codeCollectorTimeout, codeCollectorUnreachable, codeStorageNotReceived,
	}
	if !slices.Contains(avoidable, broken.Code) {
		return first(broken.Hints)
	}
	best := first(broken.Hints)
	for _, j := range jobs {
		if way, ok := j.learned.(detour); ok && j.finding.Code == codeWayWorks {
			return way.flag
		}
		switch {
		case j.finding.ID == idUDPCompact && j.finding.Code == codeWayWorks:
			return first(j.finding.Hints)
		case j.finding.Code == codeHTTPPathWorks:
			best = first(j.finding.Hints)
		}
	}
	return best
}

func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}
