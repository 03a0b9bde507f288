package check

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/internal/golden"
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
			{ID: "sampling-strategy", Hop: doctor.HopSampling, Title: "the strategy keeps traces", Code: "not-used", Status: doctor.StatusSkip, Fact: "no server is asked"},
			{
				ID: "agent-udp", Hop: doctor.HopNetwork, Title: "the port refuses nothing", Code: "udp-refused", Status: doctor.StatusFail,
				Fact:      "nothing listens on udp localhost:6831",
				Evidence:  []string{"sent 93 bytes", "came back: connection refused <ICMP>"},
				Causes:    []doctor.Cause{{Text: "6831/udp is not published", Command: "docker ps"}, {Text: "100% something else,\nreally"}},
				Hints:     []string{"docker run -p 6831:6831/udp ... (/udp is needed)"},
				ElapsedMS: 3.2,
			},
			{ID: "canary", Hop: doctor.HopDelivery, Title: "a span can be read back", Code: "need-failed", Status: doctor.StatusSkip, Fact: "not run: needs agent-udp, which failed"},
			{ID: "clock", Hop: doctor.HopClock, Title: "the clocks agree", Code: "clock-unknown", Status: doctor.StatusUnknown, Fact: "no Date header came"},
		},
	}
}

// forms are all that a report is written as, by the name of its golden file.
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
			golden.Compare(t, name+".txt", got.String())
		})
	}
}

// A detail's further lines are indented more than details, so that quoted text cannot
// pass for one.
func TestDetailLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	NewText(&out, terminal.Options{}).Finding(doctor.Finding{Status: doctor.StatusFail, Fact: "f", Code: "c", Evidence: []string{"a\nhint: b"}, Causes: []doctor.Cause{{Text: "a\nhint: b"}}})
	want := "FAIL              f [c]\n" + detailTab + "saw: a\n" + detailTab + furtherTab + "hint: b\n" + detailTab + "maybe: a\n" + detailTab + furtherTab + "hint: b\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	for hop, want := range map[doctor.Hop]string{
		doctor.HopNetwork: "waiting, 1m0s left (first broken hop: network)",
		doctor.HopNone:    "waiting, 1m0s left (nothing is proven yet)",
	} {
		if got := Waiting(time.Minute-time.Millisecond, doctor.Verdict{FirstBrokenHop: hop}); got != want {
			t.Errorf("hop %s: got %q, want %q", fmt.Sprint(hop), got, want)
		}
	}
}

// The probes are one a line, with their columns aligned.
func TestWriteProbes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := WriteProbes(&out, []doctor.Probe{
		{ID: "sampler", Hop: doctor.HopSampling, Title: "a claim"},
		{ID: "agent-udp", Hop: doctor.HopNetwork, Title: "another"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "sampler    sampling  a claim\nagent-udp  network   another\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// fullDisk takes a number of bytes, and no more.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		return 0, io.ErrShortWrite
	}
	d.room -= len(p)
	return len(p), nil
}

// A report that is not complete is an error, in every form and wherever it is cut.
func TestWriteErrors(t *testing.T) {
	t.Parallel()
	for form, write := range forms() {
		var whole bytes.Buffer
		if err := write(&whole, badReport()); err != nil {
			t.Fatal(err)
		}
		for room := range whole.Len() {
			if err := write(&fullDisk{room: room}, badReport()); err == nil {
				t.Fatalf("%s: no error with room for %d of %d bytes", form, room, whole.Len())
			}
		}
	}
}
