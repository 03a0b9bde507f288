package doctor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The verdict is about the configuration first, and about the application only
// when that is well.
func TestVerdictOnApplication(t *testing.T) {
	t.Parallel()
	way := &job{probe: Probe{ID: idCanary}, outcome: outcome{
		finding: Finding{ID: idCanary, Hop: HopDelivery, Code: codeCanaryDelivered, Status: StatusOK},
		learned: delivery{target: "udp localhost:6831", visible: time.Millisecond},
	}}
	broken := &job{probe: Probe{ID: idUDP}, outcome: outcome{
		finding: Finding{ID: idUDP, Hop: HopStorage, Code: codeCanaryLost, Status: StatusFail, Fact: "lost"},
	}}
	application := func(status Status, code Code) *job {
		return &job{probe: Probe{ID: idThrough}, outcome: outcome{finding: Finding{
			ID: idThrough, Hop: HopSampling, Code: code, Status: status, Fact: "pay is so", Hints: []string{"do this"},
		}}}
	}
	const yes = "spans from this configuration reach Jaeger (udp localhost:6831, visible after 1ms)"
	tests := map[string]struct {
		jobs []*job
		want Verdict
	}{
		"not asked for": {
			[]*job{way, application(StatusSkip, codeNotUsed)},
			Verdict{OK: true, Answer: AnswerYes, Probe: idCanary, Code: codeCanaryDelivered, Text: yes},
		},
		"well": {
			[]*job{way, application(StatusOK, codeThroughJoined)},
			Verdict{OK: true, Answer: AnswerYes, Probe: idCanary, Code: codeCanaryDelivered, Text: yes + ", pay is so"},
		},
		"ill": {
			[]*job{way, application(StatusFail, codeThroughSamplerDrops)},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopSampling, Probe: idThrough, Code: codeThroughSamplerDrops,
				Text: yes + ", the application is NOT traced as it should be: first broken hop: sampling: pay is so", Fix: "do this",
			},
		},
		"ill, asked for alone": {
			[]*job{application(StatusFail, codeThroughSamplerDrops)},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopSampling, Probe: idThrough, Code: codeThroughSamplerDrops,
				Text: "the application is NOT traced as it should be: first broken hop: sampling: pay is so", Fix: "do this",
			},
		},
		"not run": {
			[]*job{way, application(StatusSkip, codeNeedFailed)},
			Verdict{
				Answer: AnswerUnknown, Probe: idThrough, Code: codeNeedFailed,
				Text: yes + ", cannot tell about the application: sampling: pay is so", Fix: "do this",
			},
		},
		"ill, and so is the way": {
			[]*job{broken, application(StatusFail, codeThroughSamplerDrops)},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopStorage, Probe: idUDP, Code: codeCanaryLost,
				Text: "spans do NOT reach Jaeger: first broken hop: storage: lost",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, judge(tt.jobs)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}
