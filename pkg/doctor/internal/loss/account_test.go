package loss

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/elasticsearch"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// A sum for each thing that may be proven of a lost canary.
func TestLossAccount(t *testing.T) {
	t.Parallel()
	plain, large, shown := probe.SentRecord{}, probe.SentRecord{Extra: true}, probe.SentRecord{Shown: true}
	shownLarge := probe.SentRecord{Extra: true, Shown: true}
	received := func(n float64) storage.Counters { return storage.Counters{storage.CountReceived: n} }
	others := func(n float64) storage.Counters { return storage.Counters{storage.CountAccepted: n} }
	tests := map[string]struct {
		spans         []probe.SentRecord
		before, after storage.Counters
		elsewhere     bool
		cause         string
		status        probe.Status
		hop           probe.Hop
		code          probe.Code
	}{
		"all received, none shown": {
			spans: []probe.SentRecord{plain, plain}, before: received(5), after: received(7),
			status: probe.StatusFail, code: CodeReceived,
		},
		"all received, none shown, and the storage is read-only": {
			spans: []probe.SentRecord{plain, plain}, before: received(5), after: received(7), cause: elasticsearch.IDWrites,
			status: probe.StatusOK, code: CodeReceived,
		},
		"all received, one shown": {
			spans: []probe.SentRecord{shown, plain}, before: received(5), after: received(7),
			status: probe.StatusUnknown, code: CodeReceived,
		},
		"all received, another path shows its own": {
			spans: []probe.SentRecord{plain, plain}, before: received(5), after: received(7), elsewhere: true,
			status: probe.StatusUnknown, code: CodeReceived,
		},
		"one lost before": {
			spans: []probe.SentRecord{shown, plain}, before: received(5), after: received(6),
			status: probe.StatusFail, hop: probe.HopNetwork, code: CodeNotReceived,
		},
		"two of three, and the large one is there": {
			spans: []probe.SentRecord{plain, shown, shownLarge}, before: received(12), after: received(14),
			status: probe.StatusFail, hop: probe.HopNetwork, code: CodeNotReceived,
		},
		"two of three, and it may be the large one that is lost": {
			spans: []probe.SentRecord{shown, plain, large}, before: received(12), after: received(14),
			status: probe.StatusUnknown, code: codeUnclear,
		},
		"three of three, large one too": {
			spans: []probe.SentRecord{plain, plain, large}, before: received(12), after: received(15),
			status: probe.StatusFail, code: CodeReceived,
		},
		"one of three, so a small one is lost": {
			spans: []probe.SentRecord{plain, plain, large}, before: received(12), after: received(13),
			status: probe.StatusFail, hop: probe.HopNetwork, code: CodeNotReceived,
		},
		"none, in a series that is there": {
			spans: []probe.SentRecord{plain, plain}, before: received(8), after: received(8),
			status: probe.StatusFail, hop: probe.HopNetwork, code: CodeNotReceived,
		},
		"more than was sent: somebody else checks, too": {
			spans: []probe.SentRecord{plain, plain}, before: received(8), after: received(11),
			status: probe.StatusUnknown, code: codeUnclear,
		},
		"Jaeger has restarted": {
			spans: []probe.SentRecord{plain, plain}, before: received(8), after: received(2),
			status: probe.StatusUnknown, code: codeUnclear,
		},
		"no counter of its own, and the common one rose by more": {
			spans: []probe.SentRecord{plain, plain}, before: others(8), after: others(80),
			status: probe.StatusUnknown, code: codeUnclear,
		},
		"no counter of its own, and the common one rose by less": {
			spans: []probe.SentRecord{plain, plain}, before: others(8), after: others(9),
			status: probe.StatusFail, hop: probe.HopNetwork, code: CodeNotReceived,
		},
		"no counter at all": {
			spans: []probe.SentRecord{plain, plain}, before: storage.Counters{storage.CountRejected: 0}, after: storage.Counters{storage.CountRejected: 0},
			status: probe.StatusUnknown, code: codeUnclear,
		},
		"rejected": {
			spans: []probe.SentRecord{plain, plain}, before: received(5), after: storage.Counters{storage.CountReceived: 7, storage.CountRejected: 2},
			status: probe.StatusFail, code: CodeRejects,
		},
		"rejected, not received: the spans of others": {
			spans: []probe.SentRecord{plain, plain}, before: received(5), after: storage.Counters{storage.CountReceived: 5, storage.CountRejected: 2},
			status: probe.StatusFail, hop: probe.HopNetwork, code: CodeNotReceived,
		},
		"rejected, and others are shown": {
			spans: []probe.SentRecord{plain, shown}, before: received(5), after: storage.Counters{storage.CountReceived: 7, storage.CountRejected: 2},
			status: probe.StatusWarn, code: CodeRejects,
		},
		"dropped": {
			spans: []probe.SentRecord{plain, plain}, before: others(5), after: storage.Counters{storage.CountAccepted: 9, storage.CountDropped: 2},
			status: probe.StatusFail, code: codeQueueFull,
		},
		"dropped, and others are shown": {
			spans: []probe.SentRecord{plain, plain}, before: others(5), after: storage.Counters{storage.CountAccepted: 9, storage.CountDropped: 2}, elsewhere: true,
			status: probe.StatusWarn, code: codeQueueFull,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(storage.AdminInfo{Counters: tt.before}, canary.LostCanary{Spans: tt.spans, After: storage.AdminInfo{Counters: tt.after}})
			a.elsewhere, a.cause = tt.elsewhere, tt.cause
			f := a.Judge()
			if f.Status != tt.status || f.Hop != tt.hop || f.Code != tt.code {
				t.Errorf("got %s at %q %s (%s), want %s at %q %s", f.Status, f.Hop, f.Code, f.Fact, tt.status, tt.hop, tt.code)
			}
			if explains := f.Explains == probe.IDCanary; explains != (tt.status == probe.StatusFail) {
				t.Errorf("explains %q with status %s", f.Explains, f.Status)
			}
		})
	}
}
