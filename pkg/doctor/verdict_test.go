package doctor

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/elasticsearch"
	"github.com/otdemo/otdemo/pkg/doctor/internal/loss"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/through"
)

// The verdict names what the evidence of the whole report allows.
func TestVerdictOnALostCanary(t *testing.T) {
	t.Parallel()
	lost := probe.Probe{ID: probe.IDCanary, Hop: probe.HopDelivery, Run: func(_ context.Context, env *probe.Env) probe.Finding {
		env.Publish(canary.LostCanary{Spans: []probe.SentRecord{{}, {}}})
		return probe.Found(probe.StatusFail, probe.CodeCanaryLost, "a span is not there").Hint("docker logs")
	}}
	storage := fake(elasticsearch.IDWrites, probe.Found(probe.StatusFail, elasticsearch.CodeReadOnly, "an index is read-only").AtHop(probe.HopStorage).AsCauseOf(probe.IDCanary).Hint("curl"))
	received := fake(probe.IDStorageCounters, loss.Account{Sent: 2, Least: 2, Most: 2, Counted: true}.Judge().AtHop(probe.HopStorage))
	fewer := fake(probe.IDStorageCounters, loss.Account{Sent: 2, Least: 1, Most: 1, Counted: true}.Judge())
	works := fake(probe.IDOTLPPath, probe.Found(probe.StatusOK, canary.CodePathWorks, "a span is read back"))
	tests := map[string]struct {
		probes []probe.Probe
		code   probe.Code
		hop    probe.Hop
	}{
		"a cause at the storage goes before what Jaeger counted": {[]probe.Probe{lost, received, storage}, elasticsearch.CodeReadOnly, probe.HopStorage},
		"what Jaeger counted":                               {[]probe.Probe{lost, received}, loss.CodeReceived, probe.HopStorage},
		"a storage that gives back another span is not one": {[]probe.Probe{lost, storage, works}, probe.CodeCanaryLost, probe.HopDelivery},
		"not received, whatever ails the storage":           {[]probe.Probe{lost, storage, fewer}, loss.CodeNotReceived, probe.HopNetwork},
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

// One fault has one name, and the fix is the cause's.
func TestVerdictNamesTheCause(t *testing.T) {
	t.Parallel()
	cause := probe.Found(probe.StatusFail, docker.CodeNotPublished, "6831/udp is not published").Hint("docker run -p 6831:6831/udp")
	report := runFakes(
		t, Options{},
		fake(probe.IDUDP, probe.Found(probe.StatusFail, probe.CodeUDPRefused, "nothing listens").Hint("otdemo all-in-one")),
		fake(probe.IDDocker, cause.AsCauseOf(probe.IDUDP)),
		fake(probe.IDHTTPPath, probe.Found(probe.StatusOK, canary.CodeHTTPPathWorks, "HTTP works").Hint("--collector-endpoint Y")),
	)
	want := Verdict{
		Answer: AnswerNo, FirstBrokenHop: probe.HopNetwork, Probe: probe.IDDocker, Code: docker.CodeNotPublished,
		Text: "spans do NOT reach Jaeger: first broken hop: network: 6831/udp is not published",
		Fix:  "docker run -p 6831:6831/udp",
	}
	if report.Verdict != want {
		t.Errorf("verdict: got %+v, want %+v", report.Verdict, want)
	}
}

// The verdict is about the configuration first, and about the application only
// when that is well.
func TestVerdictOnApplication(t *testing.T) {
	t.Parallel()
	alternative := &job{probe: probe.Probe{ID: probe.IDCanary}, Outcome: probe.Outcome{
		Finding:   probe.Finding{ID: probe.IDCanary, Hop: probe.HopDelivery, Code: canary.CodeCanaryDelivered, Status: probe.StatusOK},
		Published: canary.Delivery{Target: "udp localhost:6831", Visible: time.Millisecond},
	}}
	broken := &job{probe: probe.Probe{ID: probe.IDUDP}, Outcome: probe.Outcome{
		Finding: probe.Finding{ID: probe.IDUDP, Hop: probe.HopStorage, Code: probe.CodeCanaryLost, Status: probe.StatusFail, Fact: "lost"},
	}}
	application := func(status probe.Status, code probe.Code) *job {
		return &job{probe: probe.Probe{ID: probe.IDThrough}, Outcome: probe.Outcome{Finding: probe.Finding{
			ID: probe.IDThrough, Hop: probe.HopSampling, Code: code, Status: status, Fact: "pay is so", Hints: []string{"do this"},
		}}}
	}
	const yes = "spans from this configuration reach Jaeger (udp localhost:6831, visible after 1ms)"
	tests := map[string]struct {
		jobs []*job
		want Verdict
	}{
		"not requested": {
			[]*job{alternative, application(probe.StatusSkip, probe.CodeNotUsed)},
			Verdict{OK: true, Answer: AnswerYes, Probe: probe.IDCanary, Code: canary.CodeCanaryDelivered, Text: yes},
		},
		"well": {
			[]*job{alternative, application(probe.StatusOK, through.CodeJoined)},
			Verdict{OK: true, Answer: AnswerYes, Probe: probe.IDCanary, Code: canary.CodeCanaryDelivered, Text: yes + ", pay is so"},
		},
		"ill": {
			[]*job{alternative, application(probe.StatusFail, through.CodeSamplerDrops)},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopSampling, Probe: probe.IDThrough, Code: through.CodeSamplerDrops,
				Text: yes + ", the application is NOT traced correctly: first broken hop: sampling: pay is so", Fix: "do this",
			},
		},
		"broken, requested alone": {
			[]*job{application(probe.StatusFail, through.CodeSamplerDrops)},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopSampling, Probe: probe.IDThrough, Code: through.CodeSamplerDrops,
				Text: "the application is NOT traced correctly: first broken hop: sampling: pay is so", Fix: "do this",
			},
		},
		"not run": {
			[]*job{alternative, application(probe.StatusSkip, probe.CodeNeedFailed)},
			Verdict{
				Answer: AnswerUnknown, Probe: probe.IDThrough, Code: probe.CodeNeedFailed,
				Text: yes + ", cannot determine whether the application is traced: sampling: pay is so", Fix: "do this",
			},
		},
		"broken, and so is the path": {
			[]*job{broken, application(probe.StatusFail, through.CodeSamplerDrops)},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopStorage, Probe: probe.IDUDP, Code: probe.CodeCanaryLost,
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

// arrived is a canary that was delivered.
func arrived() probe.Probe {
	return probe.Probe{ID: probe.IDCanary, Hop: probe.HopDelivery, Run: func(_ context.Context, env *probe.Env) probe.Finding {
		env.Publish(canary.Delivery{Target: "udp localhost:6831", Visible: 41 * time.Millisecond})
		return probe.Found(probe.StatusOK, canary.CodeCanaryDelivered, "a span arrives")
	}}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	at := func(id string, hop probe.Hop, status probe.Status, code probe.Code, text, hint string) probe.Probe {
		return fake(id, probe.Found(status, code, "%s", text).AtHop(hop).Hint(hint))
	}
	refusedUDP := at(probe.IDUDP, probe.HopNetwork, probe.StatusFail, probe.CodeUDPRefused, "nothing listens on udp localhost:6831", "otdemo all-in-one")
	queryDown := at(probe.IDQuery, probe.HopQuery, probe.StatusFail, probe.CodeQueryRefused, "nothing listens on tcp localhost:16686", "--query-url X")
	tests := map[string]struct {
		probes []probe.Probe
		want   Verdict
	}{
		"delivered": {
			[]probe.Probe{okay("a"), arrived()},
			Verdict{
				OK: true, Answer: AnswerYes, Probe: probe.IDCanary, Code: canary.CodeCanaryDelivered,
				Text: "spans from this configuration reach Jaeger (udp localhost:6831, visible after 41ms)",
			},
		},
		"delivered with a warning": {
			[]probe.Probe{at("a", probe.HopSampling, probe.StatusWarn, "odd", "it is odd", "x"), arrived()},
			Verdict{
				OK: true, Answer: AnswerYes, Probe: probe.IDCanary, Code: canary.CodeCanaryDelivered, Warnings: 1,
				Text: "spans from this configuration reach Jaeger (udp localhost:6831, visible after 41ms)",
			},
		},
		"refused": {
			[]probe.Probe{refusedUDP, queryDown},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopNetwork, Probe: probe.IDUDP, Code: probe.CodeUDPRefused,
				Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
				Fix:  "otdemo all-in-one",
			},
		},
		"the first hop decides, not the first in the list": {
			[]probe.Probe{
				at("a", probe.HopSampling, probe.StatusFail, "none", "const 0 keeps no trace", "s"),
				at("b", probe.HopResolve, probe.StatusFail, "dns", "host x does not resolve", "r"),
			},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopResolve, Probe: "b", Code: "dns",
				Text: "spans do NOT reach Jaeger: first broken hop: resolve: host x does not resolve", Fix: "r",
			},
		},
		"delivered past a sampler that keeps nothing": {
			[]probe.Probe{at("a", probe.HopSampling, probe.StatusFail, "none", "const 0 keeps no trace", "s"), arrived()},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopSampling, Probe: "a", Code: "none",
				Text: "spans do NOT reach Jaeger: first broken hop: sampling: const 0 keeps no trace", Fix: "s",
			},
		},
		"no query API: unproven, not disproven": {
			[]probe.Probe{okay(probe.IDUDP), queryDown, okay(probe.IDCanary, probe.IDQuery)},
			Verdict{
				Answer: AnswerUnknown, Probe: probe.IDQuery, Code: probe.CodeQueryRefused,
				Text: "cannot determine whether spans reach Jaeger: query: nothing listens on tcp localhost:16686",
				Fix:  "--query-url X",
			},
		},
		"a probe that was inconclusive": {
			[]probe.Probe{at("a", probe.HopDelivery, probe.StatusUnknown, "fog", "nothing is seen", "wait")},
			Verdict{
				Answer: AnswerUnknown, Probe: "a", Code: "fog",
				Text: "cannot determine whether spans reach Jaeger: delivery: nothing is seen", Fix: "wait",
			},
		},
		"a path that works is the fix": {
			[]probe.Probe{refusedUDP, at(probe.IDHTTPPath, probe.HopDelivery, probe.StatusOK, canary.CodeHTTPPathWorks, "HTTP works", "--collector-endpoint Y")},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopNetwork, Probe: probe.IDUDP, Code: probe.CodeUDPRefused,
				Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
				Fix:  "--collector-endpoint Y",
			},
		},
		"the nearest path is the fix": {
			[]probe.Probe{
				refusedUDP, at(probe.IDHTTPPath, probe.HopDelivery, probe.StatusOK, canary.CodeHTTPPathWorks, "HTTP works", "--collector-endpoint Y"),
				at(probe.IDUDPCompact, probe.HopDelivery, probe.StatusOK, canary.CodePathWorks, "UDP works", "--agent-port 6831"),
			},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: probe.HopNetwork, Probe: probe.IDUDP, Code: probe.CodeUDPRefused,
				Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
				Fix:  "--agent-port 6831",
			},
		},
		"no canary requested": {
			[]probe.Probe{okay("a")},
			Verdict{
				OK: true, Answer: AnswerYes,
				Text: "no problem found; not checked whether spans reach Jaeger (no canary)",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, runFakes(t, Options{}, tt.probes...).Verdict); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// A requested probe that was not conclusive is not a success.
func TestVerdictOfAPart(t *testing.T) {
	t.Parallel()
	idle := fake("idle", probe.NotUsed("no engine is there"))
	foggy := fake("foggy", probe.Found(probe.StatusUnknown, "fog", "nothing is seen"))
	aside := foggy
	aside.ID, aside.Advisory = "aside", true
	warning := fake("odd", probe.Found(probe.StatusWarn, "odd", "it is odd"))
	supplied := okay("supplied")
	supplied.From, supplied.After = []string{"idle"}, []string{"idle"}
	delivers := okay(probe.IDCanary)
	delivers.Run = func(_ context.Context, env *probe.Env) probe.Finding {
		env.Publish(canary.Delivery{Target: "udp", Visible: time.Millisecond})
		return probe.OK("delivered", "it arrives")
	}
	thorough := fake("thorough", probe.Finding{}, probe.IDCanary)
	thorough.Run = func(_ context.Context, env *probe.Env) probe.Finding {
		if !env.Thorough {
			return probe.NotUsed("nothing is wrong")
		}
		return probe.Unknown("closed", "nothing listens")
	}
	const delivered = "spans from this configuration reach Jaeger (udp, visible after 1ms)"
	const unasked = "; not checked whether spans reach Jaeger (no canary)"
	tests := map[string]struct {
		only, skip []string
		answer     Answer
		text       string
	}{
		"it is not used":            {only: []string{"idle"}, answer: AnswerUnknown, text: "nothing was checked: idle: no engine is there"},
		"aside, and it cannot tell": {only: []string{"aside"}, answer: AnswerUnknown, text: "inconclusive: aside: nothing is seen"},
		"what it needs is well, and it is not used": {
			only: []string{"needy"}, answer: AnswerUnknown, text: "nothing was checked: needy: no probe needs it",
		},
		"one of two":   {only: []string{"fine", "idle"}, answer: AnswerYes, text: "no problem found; not checked: idle: no engine is there" + unasked},
		"a warning":    {only: []string{"odd"}, answer: AnswerYes, text: "no failure, but warnings: it is odd" + unasked},
		"another path": {only: []string{"thorough"}, answer: AnswerUnknown, text: "inconclusive: thorough: nothing listens"},
		"not used, and the canary arrives": {
			only: []string{"unneeded"}, answer: AnswerUnknown, text: "nothing was checked: unneeded: nothing is wrong",
		},
		"another path and the canary": {
			only: []string{"thorough", probe.IDCanary}, answer: AnswerYes, text: delivered + "; not checked: thorough: nothing listens",
		},
		"well":              {only: []string{"fine"}, answer: AnswerYes, text: "no problem found" + unasked},
		"what is looked at": {only: []string{"supplied"}, answer: AnswerYes, text: "no problem found" + unasked},
		"no probe left":     {only: []string{"fine"}, skip: []string{"fine"}, answer: AnswerUnknown, text: "nothing was checked: no probes are left to run"},
		"all but one":       {skip: []string{"foggy", "odd"}, answer: AnswerYes, text: delivered},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := runFakes(t, Options{Only: tt.only, Skip: tt.skip},
				idle, foggy, aside, warning, okay("fine"), fake("needy", probe.NotUsed("no probe needs it"), "fine"), supplied,
				delivers, thorough, fake("unneeded", probe.NotUsed("nothing is wrong"), probe.IDCanary))
			if v := report.Verdict; v.Answer != tt.answer || v.Text != tt.text {
				t.Errorf("got %s %q, want %s %q", v.Answer, v.Text, tt.answer, tt.text)
			}
			if ids := probetest.Lines(report.Findings); name == "what is looked at" && !cmp.Equal(ids, []string{"idle skip not-used", "supplied ok fine"}) {
				t.Errorf("got the findings %q, want those of idle, too", ids)
			}
		})
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	report := runFakes(t, Options{}, fake("a", probe.Found(probe.StatusFail, "broken", "a is broken").
		Saw("sent 1, got 0").Hint("fix a").Maybe(probe.Cause{Text: "b", Command: "c"})))
	report.Started, report.ElapsedMS, report.Findings[0].ElapsedMS = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 1.5, 0.25
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "schema_version": 1,
 "verdict": {
  "ok": false,
  "answer": "no",
  "first_broken_hop": "network",
  "probe": "a",
  "code": "broken",
  "text": "spans do NOT reach Jaeger: first broken hop: network: a is broken",
  "fix": "fix a",
  "warnings": 0
 },
 "findings": [
  {
   "id": "a",
   "hop": "network",
   "title": "a is well",
   "code": "broken",
   "status": "fail",
   "fact": "a is broken",
   "evidence": [
    "sent 1, got 0"
   ],
   "hints": [
    "fix a"
   ],
   "causes": [
    {
     "text": "b",
     "command": "c"
    }
   ],
   "elapsed_ms": 0.25
  }
 ],
 "started": "2026-01-02T03:04:05Z",
 "elapsed_ms": 1.5
}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report, back); diff != "" {
		t.Errorf("after a round trip (-want +got):\n%s", diff)
	}
}
