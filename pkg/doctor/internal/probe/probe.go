package probe

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/otdemo/otdemo/pkg/trace"
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
	// From are those of After without whose outcome there is nothing to check:
	// running this probe alone runs them as well.
	From []string
	// Codes are all that Run may return.
	Codes []Code
	// Unbounded lets Run use all the remaining time of the run instead of a
	// share.
	Unbounded bool
	// Judges is set if Run only compares the results of others, so that it also
	// runs after the timeout.
	Judges bool
	// Advisory is set if the probe checks what the configuration does not use:
	// its finding may help, but decides nothing.
	Advisory bool
	// Run examines the claim. It returns soon after ctx ends.
	Run func(ctx context.Context, env *Env) Finding
	// RunsBeside are probes, earlier in the list, that Run does not wait for
	// and whose outcome Finalize reads.
	RunsBeside []string
	// Finalize, unless nil, has the last word on what Run found.
	Finalize func(env *Env, f Finding) Finding
}

// Env is what one probe sees of the run: the target, and the results of earlier
// probes.
type Env struct {
	Target
	Probe     *Probe
	Earlier   map[string]*Outcome
	Published any
	// Sent has the spans of the whole run; nil keeps none.
	Sent *SentSpans
}

// Outcome is the end of a probe. It does not change any more.
type Outcome struct {
	Finding   Finding
	Published any
}

// Publish keeps a value for the probes that wait for this one.
func (e *Env) Publish(v any) { e.Published = v }

// Result returns what the probe id published, if it ran and published a T.
// Reading a probe that is not waited for would be a race, so it panics.
func Result[T any](e *Env, id string) (T, bool) {
	v, ok := e.outcome(id).Published.(T)
	return v, ok
}

// Passed reports whether the probe id ran and its claim holds.
func (e *Env) Passed(id string) bool { return e.outcome(id).Finding.Status.Passes() }

// Failed reports whether the probe id ran and its claim is false.
func (e *Env) Failed(id string) bool { return e.outcome(id).Finding.Status == StatusFail }

// Code returns what the probe id found, "" if it did not run.
func (e *Env) Code(id string) Code { return e.outcome(id).Finding.Code }

func (e *Env) outcome(id string) Outcome {
	if !slices.Contains(slices.Concat(e.Probe.Needs, e.Probe.After, e.Probe.RunsBeside), id) {
		panic(fmt.Sprintf("probe %s does not wait for %s", e.Probe.ID, id))
	}
	if o := e.Earlier[id]; o != nil {
		return *o
	}
	return Outcome{}
}

// Codes that any probe may have instead of its own.
const (
	CodeNotUsed     Code = "not-used"
	CodeNeedFailed  Code = "need-failed"
	codeNotRun      Code = "not-run"
	codeInterrupted Code = "interrupted"
	CodePanicked    Code = "probe-panicked"
	CodeAbandoned   Code = "probe-abandoned"
)

// NotUsed is the finding of a probe that does not concern the configuration.
func NotUsed(format string, args ...any) Finding {
	return Found(StatusSkip, CodeNotUsed, format, args...)
}

// LosesSpans reports whether spans of the configuration fail to arrive.
func (e *Env) LosesSpans() bool {
	return e.Failed(IDUDP) || e.Failed(IDCollector) || e.Failed(IDCanary)
}

// SentSpans are the spans of service otdemo-check that a run has sent, so that
// they can be compared with what Jaeger counted. A nil one keeps nothing. Its
// methods may be called from several goroutines.
type SentSpans struct {
	mu    sync.Mutex
	spans []SentRecord
}

// SentRecord is one span that was sent.
type SentRecord struct {
	ID trace.TraceID
	// Extra is set if the span may be lost where others arrive, as a large one
	// may, or if nothing waited for it to be sent.
	Extra bool
	// Shown is set if the query API returned it.
	Shown bool
}

// Add is called before the span is sent.
func (s *SentSpans) Add(id trace.TraceID, extra bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, SentRecord{ID: id, Extra: extra})
}

// All returns a copy of the spans so far.
func (s *SentSpans) All() []SentRecord {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.spans)
}
