package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Hop is a stage of a span's path.
type Hop string

// The hops, in the order of the path. Query and Clock are about seeing spans: when
// they fail, delivery is unproven, not disproven.
const (
	HopNone     Hop = ""
	HopConfig   Hop = "config"
	HopResolve  Hop = "resolve"
	HopNetwork  Hop = "network"
	HopIdentity Hop = "identity"
	HopSampling Hop = "sampling"
	HopDelivery Hop = "delivery"
	HopStorage  Hop = "storage"
	HopQuery    Hop = "query"
	HopClock    Hop = "clock"
)

// String returns the hop's name, "" for HopNone.
func (h Hop) String() string { return string(h) }

// Before reports whether h is earlier on the path: the first broken hop is the one to
// fix.
func (h Hop) Before(other Hop) bool {
	path := []Hop{HopConfig, HopResolve, HopNetwork, HopIdentity, HopSampling, HopDelivery, HopStorage, HopQuery, HopClock}
	return slices.Index(path, h) < slices.Index(path, other)
}

// CarriesSpans reports whether spans pass through the hop before they are
// stored.
func (h Hop) CarriesSpans() bool { return h != HopQuery && h != HopClock }

// Status is how a probe's claim fared.
type Status string

// The statuses.
const (
	// StatusOK: the claim holds.
	StatusOK Status = "ok"
	// StatusWarn: the claim holds, and something is surely not meant so.
	StatusWarn Status = "warn"
	// StatusFail: the claim is false.
	StatusFail Status = "fail"
	// StatusSkip: the probe was not run, because it does not concern this
	// configuration or because a probe that it needs did not pass.
	StatusSkip Status = "skip"
	// StatusUnknown: the probe is inconclusive.
	StatusUnknown Status = "unknown"
)

// Passes reports whether probes that need this one may run.
func (s Status) Passes() bool { return s == StatusOK || s == StatusWarn }

// Concludes reports whether the claim is known to hold or to be false.
func (s Status) Concludes() bool { return s.Passes() || s == StatusFail }

// Code names what was found. Codes are stable, and each has a section in
// docs/findings.md.
type Code string

// Cause is one of several explanations that look the same from here.
type Cause struct {
	Text string `json:"text"`
	// Command would show whether this is the one; empty if none is known.
	Command string `json:"command,omitempty"`
}

// Finding is what a probe found out.
type Finding struct {
	// ID, Hop and Title are the probe's. A finding may name another hop than
	// the one its probe is about.
	ID    string `json:"id"`
	Hop   Hop    `json:"hop"`
	Title string `json:"title"`

	Code   Code   `json:"code"`
	Status Status `json:"status"`
	// Fact is one line in the present tense, with numbers.
	Fact string `json:"fact"`
	// Evidence lists what was sent where and what came back.
	Evidence []string `json:"evidence,omitempty"`
	// Hints can be pasted, the best one first.
	Hints []string `json:"hints,omitempty"`
	// Causes is the set of explanations when there is more than one.
	Causes []Cause `json:"causes,omitempty"`
	// Explains is the id of the probe whose failure this finding is the cause of.
	// The two are one fault, and the verdict names it by its cause.
	Explains string `json:"explains,omitempty"`
	// ElapsedMS is how long the probe took, in milliseconds.
	ElapsedMS float64 `json:"elapsed_ms"`
}

// Found returns a finding with a fact that fmt formats.
func Found(status Status, code Code, format string, args ...any) Finding {
	return Finding{Status: status, Code: code, Fact: fmt.Sprintf(format, args...)}
}

// OK returns the finding that a claim holds.
func OK(code Code, format string, args ...any) Finding { return Found(StatusOK, code, format, args...) }

// Warn returns a finding with StatusWarn.
func Warn(code Code, format string, args ...any) Finding {
	return Found(StatusWarn, code, format, args...)
}

// Fail returns the finding that a claim is false.
func Fail(code Code, format string, args ...any) Finding {
	return Found(StatusFail, code, format, args...)
}

// Unknown returns an inconclusive finding.
func Unknown(code Code, format string, args ...any) Finding {
	return Found(StatusUnknown, code, format, args...)
}

// AtHop returns f at another hop than its probe's.
func (f Finding) AtHop(hop Hop) Finding {
	f.Hop = hop
	return f
}

// AsCauseOf returns f as the cause of another probe's failure.
func (f Finding) AsCauseOf(probe string) Finding {
	f.Explains = probe
	return f
}

// Saw returns f with more evidence.
func (f Finding) Saw(evidence ...string) Finding {
	f.Evidence = append(f.Evidence, evidence...)
	return f
}

// Hint adds hints, leaving out empty ones.
func (f Finding) Hint(hints ...string) Finding {
	for _, h := range hints {
		if h != "" {
			f.Hints = append(f.Hints, h)
		}
	}
	return f
}

// Perhaps returns f with one more possible cause, and the command that would show
// whether it is the one; "" if none is known.
func (f Finding) Perhaps(text, command string) Finding {
	return f.Maybe(Cause{Text: text, Command: command})
}

// Maybe returns f with more possible causes.
func (f Finding) Maybe(causes ...Cause) Finding {
	f.Causes = append(f.Causes, causes...)
	return f
}

// Unfinished is the finding of a probe whose context has ended.
func Unfinished(ctx context.Context) Finding {
	if errors.Is(ctx.Err(), context.Canceled) {
		return Unknown(codeInterrupted, "interrupted")
	}
	return Unknown(codeNotRun, "not run: timed out").Hint("--timeout 30s")
}
