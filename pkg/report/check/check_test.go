package check

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/otdemo/otdemo/internal/golden"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// badReport is a report with a finding of each status.
func badReport() doctor.Report {
	return doctor.Report{
		SchemaVersion: 1,
		Started:       time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		ElapsedMS:     41.5,
		Verdict: doctor.Verdict{
			Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopNetwork, Probe: "agent-udp", Code: "udp-refused", Warnings: 1,
			Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
			Fix:  "docker run -p 6831:6831/udp ... (/udp is needed)",
		},
		Findings: []doctor.Finding{
			{ID: "config-effective", Hop: doctor.HopConfig, Title: "the configuration makes sense", Code: "config-effective", Status: doctor.StatusOK, Fact: "tracer jaeger", Evidence: []string{"not shown when well"}, ElapsedMS: 0.1},
			{ID: "sampler", Hop: doctor.HopSampling, Title: "the sampler keeps traces", Code: "sampler-keeps-few", Status: doctor.StatusWarn, Fact: "1 in 1000 is kept", Hints: []string{"--sampler-param 1"}},
			{ID: "sampling-strategy", Hop: doctor.HopSampling, Title: "the strategy keeps traces", Code: "not-used", Status: doctor.StatusSkip, Fact: "the sampler uses no server"},
			{
				ID: "agent-udp", Hop: doctor.HopNetwork, Title: "the port is reachable", Code: "udp-refused", Status: doctor.StatusFail,
				Fact:      "nothing listens on udp localhost:6831",
				Evidence:  []string{"sent 93 bytes", "response: connection refused <ICMP>"},
				Causes:    []doctor.Cause{{Text: "6831/udp is not published", Command: "docker ps"}, {Text: "100% something else,\nreally"}},
				Hints:     []string{"docker run -p 6831:6831/udp ... (/udp is needed)"},
				ElapsedMS: 3.2,
			},
			{ID: "canary", Hop: doctor.HopDelivery, Title: "a span can be read back", Code: "need-failed", Status: doctor.StatusSkip, Fact: "not run: needs agent-udp, which failed"},
			{ID: "clock", Hop: doctor.HopClock, Title: "the clocks agree", Code: "clock-unknown", Status: doctor.StatusUnknown, Fact: "no Date header received"},
		},
	}
}

// forms are the output formats of a report, by the name of the golden file.
func forms() map[string]func(io.Writer, doctor.Report) error {
	text := func(opts terminal.Options) func(io.Writer, doctor.Report) error {
		return func(w io.Writer, r doctor.Report) error { return NewText(w, opts).Report(r) }
	}
	return map[string]func(io.Writer, doctor.Report) error{
		"text":       text(terminal.Options{}),
		"text-color": text(terminal.Options{Color: true}),
		"short":      WriteShort,
		"junit":      WriteJUnit,
		"github":     WriteGitHub,
		"json":       WriteJSON,
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	for name, write := range forms() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := write(&got, badReport()); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", name+".txt"), got.String())
		})
	}
}
