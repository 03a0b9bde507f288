package doctor

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// arrived is a canary that was delivered.
func arrived() Probe {
	return Probe{ID: idCanary, Hop: HopDelivery, Run: func(_ context.Context, env *Env) Finding {
		env.learn(delivery{target: "udp localhost:6831", visible: 41 * time.Millisecond})
		return found(StatusOK, codeCanaryDelivered, "a span arrives")
	}}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	at := func(id string, hop Hop, status Status, code Code, text, hint string) Probe {
		return fake(id, found(status, code, "%s", text).at(hop).hint(hint))
	}
	refusedUDP := at(idUDP, HopNetwork, StatusFail, codeUDPRefused, "nothing listens on udp localhost:6831", "otdemo all-in-one")
	queryDown := at(idQuery, HopQuery, StatusFail, codeQueryRefused, "nothing listens on tcp localhost:16686", "--query-url X")
	tests := map[string]struct {
		probes []Probe
		want   Verdict
	}{
		"delivered": {
			[]Probe{okay("a"), arrived()},
			Verdict{
				OK: true, Answer: AnswerYes, Probe: idCanary, Code: codeCanaryDelivered,
				Text: "spans from this configuration reach Jaeger (udp localhost:6831, visible after 41ms)",
			},
		},
		"delivered with a warning": {
			[]Probe{at("a", HopSampling, StatusWarn, "odd", "it is odd", "x"), arrived()},
			Verdict{
				OK: true, Answer: AnswerYes, Probe: idCanary, Code: codeCanaryDelivered, Warnings: 1,
				Text: "spans from this configuration reach Jaeger (udp localhost:6831, visible after 41ms)",
			},
		},
		"refused": {
			[]Probe{refusedUDP, queryDown},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopNetwork, Probe: idUDP, Code: codeUDPRefused,
				Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
				Fix:  "otdemo all-in-one",
			},
		},
		"the first hop is blamed, not the first in the list": {
			[]Probe{
				at("a", HopSampling, StatusFail, "none", "const 0 keeps no trace", "s"),
				at("b", HopResolve, StatusFail, "dns", "host x does not resolve", "r"),
			},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopResolve, Probe: "b", Code: "dns",
				Text: "spans do NOT reach Jaeger: first broken hop: resolve: host x does not resolve", Fix: "r",
			},
		},
		"delivered past a sampler that keeps nothing": {
			[]Probe{at("a", HopSampling, StatusFail, "none", "const 0 keeps no trace", "s"), arrived()},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopSampling, Probe: "a", Code: "none",
				Text: "spans do NOT reach Jaeger: first broken hop: sampling: const 0 keeps no trace", Fix: "s",
			},
		},
		"no query API: unproven, not disproven": {
			[]Probe{okay(idUDP), queryDown, okay(idCanary, idQuery)},
			Verdict{
				Answer: AnswerUnknown, Probe: idQuery, Code: codeQueryRefused,
				Text: "cannot tell whether spans reach Jaeger: query: nothing listens on tcp localhost:16686",
				Fix:  "--query-url X",
			},
		},
		"a probe that could not tell": {
			[]Probe{at("a", HopDelivery, StatusUnknown, "fog", "nothing is seen", "wait")},
			Verdict{
				Answer: AnswerUnknown, Probe: "a", Code: "fog",
				Text: "cannot tell whether spans reach Jaeger: delivery: nothing is seen", Fix: "wait",
			},
		},
		"a way that works is the fix": {
			[]Probe{refusedUDP, at(idHTTPPath, HopDelivery, StatusOK, codeHTTPPathWorks, "HTTP works", "--collector-endpoint Y")},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopNetwork, Probe: idUDP, Code: codeUDPRefused,
				Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
				Fix:  "--collector-endpoint Y",
			},
		},
		"the way that is nearest is the fix": {
			[]Probe{
				refusedUDP, at(idHTTPPath, HopDelivery, StatusOK, codeHTTPPathWorks, "HTTP works", "--collector-endpoint Y"),
				at(idUDPCompact, HopDelivery, StatusOK, codeWayWorks, "UDP works", "--agent-port 6831"),
			},
			Verdict{
				Answer: AnswerNo, FirstBrokenHop: HopNetwork, Probe: idUDP, Code: codeUDPRefused,
				Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
				Fix:  "--agent-port 6831",
			},
		},
		"no canary asked for": {
			[]Probe{okay("a")},
			Verdict{
				OK: true, Answer: AnswerYes,
				Text: "nothing wrong found; whether spans reach Jaeger was not asked (no canary)",
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

// What was asked for and could not be looked at is no good news.
func TestVerdictOfAPart(t *testing.T) {
	t.Parallel()
	idle := fake("idle", notUsed("no engine is there"))
	foggy := fake("foggy", found(StatusUnknown, "fog", "nothing is seen"))
	aside := foggy
	aside.ID, aside.Aside = "aside", true
	odd := fake("odd", found(StatusWarn, "odd", "it is odd"))
	supplied := okay("supplied")
	supplied.From, supplied.After = []string{"idle"}, []string{"idle"}
	const unasked = "; whether spans reach Jaeger was not asked (no canary)"
	tests := map[string]struct {
		only, skip []string
		answer     Answer
		text       string
	}{
		"it is not used":            {only: []string{"idle"}, answer: AnswerUnknown, text: "nothing was checked: idle: no engine is there"},
		"aside, and it cannot tell": {only: []string{"aside"}, answer: AnswerUnknown, text: "nothing was checked: aside: nothing is seen"},
		"what it needs is well, and it is not used": {
			only: []string{"needy"}, answer: AnswerUnknown, text: "nothing was checked: needy: nobody needs it",
		},
		"one of two":        {only: []string{"fine", "idle"}, answer: AnswerYes, text: "nothing wrong found; not checked: idle: no engine is there" + unasked},
		"a warning":         {only: []string{"odd"}, answer: AnswerYes, text: "nothing failed, see the warnings: it is odd" + unasked},
		"well":              {only: []string{"fine"}, answer: AnswerYes, text: "nothing wrong found" + unasked},
		"what is looked at": {only: []string{"supplied"}, answer: AnswerYes, text: "nothing wrong found" + unasked},
		"no probe left":     {only: []string{"fine"}, skip: []string{"fine"}, answer: AnswerUnknown, text: "nothing was checked: no probe is left to run"},
		"all but one":       {skip: []string{"foggy", "odd"}, answer: AnswerYes, text: "nothing wrong found" + unasked},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := runFakes(t, Options{Only: tt.only, Skip: tt.skip},
				idle, foggy, aside, odd, okay("fine"), fake("needy", notUsed("nobody needs it"), "fine"), supplied)
			if v := report.Verdict; v.Answer != tt.answer || v.Text != tt.text {
				t.Errorf("got %s %q, want %s %q", v.Answer, v.Text, tt.answer, tt.text)
			}
			if ids := lines(report.Findings); name == "what is looked at" && !cmp.Equal(ids, []string{"idle skip not-used", "supplied ok fine"}) {
				t.Errorf("got the findings %q, want those of idle, too", ids)
			}
		})
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	report := runFakes(t, Options{}, fake("a", found(StatusFail, "broken", "a is broken").
		saw("sent 1, got 0").hint("mend a").maybe(Cause{Text: "b", Command: "c"})))
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
  "fix": "mend a",
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
    "mend a"
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
