package probetest

import (
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// About returns the lines of the findings of those probes that want names, so
// that a new probe changes no test but its own.
func About(want []string, findings []probe.Finding) []string {
	return slices.DeleteFunc(Lines(findings), func(line string) bool {
		id, _, _ := strings.Cut(line, " ")
		return !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, id+" ") })
	})
}

// OfProbe returns the finding of a probe, without a code if there is none.
func OfProbe(findings []probe.Finding, id string) probe.Finding {
	i := slices.IndexFunc(findings, func(f probe.Finding) bool { return f.ID == id })
	if i < 0 {
		return probe.Finding{}
	}
	return findings[i]
}

// InTrouble returns findings after which the other ports and paths are checked.
func InTrouble() map[string]probe.Outcome {
	return map[string]probe.Outcome{
		probe.IDUDP:   {Finding: probe.Found(probe.StatusFail, probe.CodeUDPRefused, "x")},
		probe.IDQuery: {Finding: probe.Found(probe.StatusOK, probe.CodeQueryAnswers, "x")},
	}
}

// HasCause reports whether a finding has a cause with that text.
func HasCause(f probe.Finding, text string) bool {
	for _, c := range f.Causes {
		if c.Text == text {
			return true
		}
	}
	return false
}

// Lines shows findings as "id status code".
func Lines(findings []probe.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, strings.Join([]string{f.ID, string(f.Status), string(f.Code)}, " "))
	}
	return out
}
