package doctor

import (
	"context"
	"fmt"
	"slices"
)

// Probe examines one claim. A new one is a file with its codes, a test, a line
// in Probes and a section for each code in docs/findings.md.
type Probe struct {
	// ID is stable and in kebab case.
	ID string
	// Hop is what the claim is about.
	Hop Hop
	// Title is the claim, which holds when the finding is ok.
	Title string
	// Needs are probes, earlier in the list, that must not fail: otherwise this
	// one is skipped, so that one cause makes one failure.
	Needs []string
	// After are probes, earlier in the list, to wait for, however they end.
	After []string
	// Follows are probes, earlier in the list, whose Run must have ended first. Only
	// the order counts: what they found is not read, and may not be settled yet.
	Follows []string
	// From are those of After without whose outcome there is nothing to look at:
	// who asks for this probe alone gets them, too.
	From []string
	// Codes are all that Run may return.
	Codes []Code
	// Patient lets Run take all the time the run has left instead of a share.
	Patient bool
	// Judges says that Run only compares what others found, so that it runs when
	// the time is up, too.
	Judges bool
	// Aside says that the probe looks at what the configuration does not use: what
	// it finds may help, and decides nothing.
	Aside bool
	// Run examines the claim. It returns soon after ctx ends.
	Run func(ctx context.Context, env *Env) Finding
	// Beside are probes, earlier in the list, that Run does not wait for and
	// Settle knows the end of.
	Beside []string
	// Settle, unless nil, has the last word on what Run found.
	Settle func(env *Env, f Finding) Finding
}

// Probes returns all probes in the order of a report. Each needs only earlier
// ones.
func Probes() []Probe {
	return slices.Concat([]Probe{
		configEffective(),
		choiceProbe(),
		clientEnvProbe(),
		otelEnvProbe(),
		serviceProbe(),
		reporterProbe(),
		placeProbe(),
		samplerProbe(),
		identityProbe(),
		storageKind(),
		samplingStrategy(),
		queryAPI(),
		agentHost(),
		agentUDP(),
		collectorHTTP(),
		canaryProbe(),
		canaryLarge(),
		clockProbe(),
		searchProbe(),
	}, storageProbes(), []Probe{
		dockerEngine(),
		dockerProbe(),
		composeProbe(),
		portsProbe(),
		httpPath(),
		throughProbe(),
	}, wayProbes(), []Probe{storageCounters(ids(storageProbes()))})
}

// Env is what one probe sees of the run: the target, and what the probes before
// it learned.
type Env struct {
	Target
	probe   *Probe
	earlier map[string]*outcome
	learned any
	// sent has the spans of the whole run; nil keeps none.
	sent *sentSpans
}

// outcome is the end of a probe. It does not change any more.
type outcome struct {
	finding Finding
	learned any
}

// learn keeps a value for the probes that wait for this one.
func (e *Env) learn(v any) { e.learned = v }

// fact returns what the probe id learned, if it ran and learned a T. Asking for
// a probe that is not waited for is a bug that would be a race, so it panics.
func fact[T any](e *Env, id string) (T, bool) {
	v, ok := e.outcome(id).learned.(T)
	return v, ok
}

// passed reports whether the probe id ran and its claim holds.
func (e *Env) passed(id string) bool { return e.outcome(id).finding.Status.passes() }

// failed reports whether the probe id ran and its claim is false.
func (e *Env) failed(id string) bool { return e.outcome(id).finding.Status == StatusFail }

// code returns what the probe id found, "" if it did not run.
func (e *Env) code(id string) Code { return e.outcome(id).finding.Code }

func (e *Env) outcome(id string) outcome {
	if !slices.Contains(slices.Concat(e.probe.Needs, e.probe.After, e.probe.Beside), id) {
		panic(fmt.Sprintf("probe %s does not wait for %s", e.probe.ID, id))
	}
	if o := e.earlier[id]; o != nil {
		return *o
	}
	return outcome{}
}

// Codes that any probe may have instead of its own.
const (
	codeNotUsed     Code = "not-used"
	codeNeedFailed  Code = "need-failed"
	codeNotRun      Code = "not-run"
	codeInterrupted Code = "interrupted"
	codePanicked    Code = "probe-panicked"
	codeAbandoned   Code = "probe-abandoned"
)

// commonCodes returns those of the above, for the test that holds the docs.
func commonCodes() []Code {
	return []Code{codeNotUsed, codeNeedFailed, codeNotRun, codeInterrupted, codePanicked, codeAbandoned}
}

// notUsed is the finding of a probe that does not concern the configuration.
func notUsed(format string, args ...any) Finding {
	return found(StatusSkip, codeNotUsed, format, args...)
}
