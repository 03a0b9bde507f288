package doctor

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A sum for each thing that may be proven of a lost canary.
func TestLossAccount(t *testing.T) {
	t.Parallel()
	plain, large, shown := sentRecord{}, sentRecord{extra: true}, sentRecord{shown: true}
	shownLarge := sentRecord{extra: true, shown: true}
	received := func(n float64) counters { return counters{countReceived: n} }
	others := func(n float64) counters { return counters{countAccepted: n} }
	tests := map[string]struct {
		spans         []sentRecord
		before, after counters
		elsewhere     bool
		cause         string
		status        Status
		hop           Hop
		code          Code
	}{
		"all received, none shown": {
			spans: []sentRecord{plain, plain}, before: received(5), after: received(7),
			status: StatusFail, code: codeStorageReceived,
		},
		"all received, none shown, and the storage is read-only": {
			spans: []sentRecord{plain, plain}, before: received(5), after: received(7), cause: idESWrites,
			status: StatusOK, code: codeStorageReceived,
		},
		"all received, one shown": {
			spans: []sentRecord{shown, plain}, before: received(5), after: received(7),
			status: StatusUnknown, code: codeStorageReceived,
		},
		"all received, another way shows its own": {
			spans: []sentRecord{plain, plain}, before: received(5), after: received(7), elsewhere: true,
			status: StatusUnknown, code: codeStorageReceived,
		},
		"one lost before": {
			spans: []sentRecord{shown, plain}, before: received(5), after: received(6),
			status: StatusFail, hop: HopNetwork, code: codeStorageNotReceived,
		},
		"two of three, and the large one is there": {
			spans: []sentRecord{plain, shown, shownLarge}, before: received(12), after: received(14),
			status: StatusFail, hop: HopNetwork, code: codeStorageNotReceived,
		},
		"two of three, and it may be the large one that is lost": {
			spans: []sentRecord{shown, plain, large}, before: received(12), after: received(14),
			status: StatusUnknown, code: codeStorageUnclear,
		},
		"three of three, large one too": {
			spans: []sentRecord{plain, plain, large}, before: received(12), after: received(15),
			status: StatusFail, code: codeStorageReceived,
		},
		"one of three, so a small one is lost": {
			spans: []sentRecord{plain, plain, large}, before: received(12), after: received(13),
			status: StatusFail, hop: HopNetwork, code: codeStorageNotReceived,
		},
		"none, in a series that is there": {
			spans: []sentRecord{plain, plain}, before: received(8), after: received(8),
			status: StatusFail, hop: HopNetwork, code: codeStorageNotReceived,
		},
		"more than was sent: somebody else checks, too": {
			spans: []sentRecord{plain, plain}, before: received(8), after: received(11),
			status: StatusUnknown, code: codeStorageUnclear,
		},
		"Jaeger has restarted": {
			spans: []sentRecord{plain, plain}, before: received(8), after: received(2),
			status: StatusUnknown, code: codeStorageUnclear,
		},
		"no counter of its own, and the common one rose by more": {
			spans: []sentRecord{plain, plain}, before: others(8), after: others(80),
			status: StatusUnknown, code: codeStorageUnclear,
		},
		"no counter of its own, and the common one rose by less": {
			spans: []sentRecord{plain, plain}, before: others(8), after: others(9),
			status: StatusFail, hop: HopNetwork, code: codeStorageNotReceived,
		},
		"no counter at all": {
			spans: []sentRecord{plain, plain}, before: counters{countRejected: 0}, after: counters{countRejected: 0},
			status: StatusUnknown, code: codeStorageUnclear,
		},
		"rejected": {
			spans: []sentRecord{plain, plain}, before: received(5), after: counters{countReceived: 7, countRejected: 2},
			status: StatusFail, code: codeStorageRejects,
		},
		"rejected, not received: the spans of others": {
			spans: []sentRecord{plain, plain}, before: received(5), after: counters{countReceived: 5, countRejected: 2},
			status: StatusFail, hop: HopNetwork, code: codeStorageNotReceived,
		},
		"rejected, and others are shown": {
			spans: []sentRecord{plain, shown}, before: received(5), after: counters{countReceived: 7, countRejected: 2},
			status: StatusWarn, code: codeStorageRejects,
		},
		"dropped": {
			spans: []sentRecord{plain, plain}, before: others(5), after: counters{countAccepted: 9, countDropped: 2},
			status: StatusFail, code: codeStorageQueueFull,
		},
		"dropped, and others are shown": {
			spans: []sentRecord{plain, plain}, before: others(5), after: counters{countAccepted: 9, countDropped: 2}, elsewhere: true,
			status: StatusWarn, code: codeStorageQueueFull,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := account(jaegerInside{counters: tt.before}, lostCanary{spans: tt.spans, after: jaegerInside{counters: tt.after}})
			a.elsewhere, a.cause = tt.elsewhere, tt.cause
			f := a.judge()
			if f.Status != tt.status || f.Hop != tt.hop || f.Code != tt.code {
				t.Errorf("got %s at %q %s (%s), want %s at %q %s", f.Status, f.Hop, f.Code, f.Fact, tt.status, tt.hop, tt.code)
			}
			if explains := f.Explains == idCanary; explains != (tt.status == StatusFail) {
				t.Errorf("explains %q with status %s", f.Explains, f.Status)
			}
		})
	}
}

// The verdict names what the evidence of the whole report allows.
func TestVerdictOnALostCanary(t *testing.T) {
	t.Parallel()
	lost := Probe{ID: idCanary, Hop: HopDelivery, Run: func(_ context.Context, env *Env) Finding {
		env.learn(lostCanary{spans: []sentRecord{{}, {}}})
		return found(StatusFail, codeCanaryLost, "a span is not there").hint("docker logs")
	}}
	storage := fake(idESWrites, found(StatusFail, codeESReadOnly, "an index is read-only").at(HopStorage).explains(idCanary).hint("curl"))
	received := fake(idStorageCounters, lossAccount{sent: 2, least: 2, most: 2, counted: true}.judge().at(HopStorage))
	fewer := fake(idStorageCounters, lossAccount{sent: 2, least: 1, most: 1, counted: true}.judge())
	works := fake(idOTLPWay, found(StatusOK, codeWayWorks, "a span is read back"))
	tests := map[string]struct {
		probes []Probe
		code   Code
		hop    Hop
	}{
		"a cause at the storage goes before what Jaeger counted": {[]Probe{lost, received, storage}, codeESReadOnly, HopStorage},
		"what Jaeger counted":                               {[]Probe{lost, received}, codeStorageReceived, HopStorage},
		"a storage that gives back another span is not one": {[]Probe{lost, storage, works}, codeCanaryLost, HopDelivery},
		"not received, whatever ails the storage":           {[]Probe{lost, storage, fewer}, codeStorageNotReceived, HopNetwork},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := runFakes(t, Options{}, tt.probes...).Verdict
			if v.Answer != AnswerNo || v.Code != tt.code || v.FirstBrokenHop != tt.hop {
				t.Errorf("got %s by %s at %s, want no by %s at %s", v.Answer, v.Code, v.FirstBrokenHop, tt.code, tt.hop)
			}
		})
	}
}

// What only compares is not cut off by the end of the time, which a lost canary
// and the other ways take up.
func TestJudgesRunsWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	judges := okay("judges", "slow")
	judges.Needs, judges.After, judges.Judges = nil, []string{"slow"}, true
	late := okay("late")
	late.After = []string{"slow"}
	report := runFakes(t, Options{Timeout: time.Millisecond}, slow("slow", time.Minute), judges, late)
	want := []string{"slow unknown late", "judges ok fine", "late unknown not-run"}
	if diff := cmp.Diff(want, lines(report.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// A storage that Jaeger does not use is not to blame.
func TestSettleStorageOfAnotherKind(t *testing.T) {
	t.Parallel()
	p := esProbe()
	for kind, want := range map[string]Status{"memory": StatusWarn, StorageElasticsearch: StatusFail, "": StatusFail} {
		target := outside(load(t))
		target.Storage.Kind = StorageElasticsearch
		env := &Env{Target: target, probe: &p, earlier: map[string]*outcome{
			idStorageKind: {learned: jaegerInside{kind: kind}},
			idCanary:      {finding: Finding{Status: StatusFail, Code: codeCanaryLost}},
		}}
		f := settleStorage(esStopsJaeger)(env, found(StatusFail, codeESRefused, "refused"))
		if explains := f.Explains == idCanary; f.Status != want || explains != (want == StatusFail) {
			t.Errorf("Jaeger keeps spans in %q: got %s, explains %q, want %s", kind, f.Status, f.Explains, want)
		}
	}
}
