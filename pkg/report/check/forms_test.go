package check

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// The second and later lines of a detail are indented further, so that quoted text
// cannot look like a detail.
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

// Each probe is one line, with aligned columns.
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

// fullDisk is a writer that fails after a number of bytes.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		return 0, io.ErrShortWrite
	}
	d.room -= len(p)
	return len(p), nil
}

// A report that cannot be written completely is an error, in every format and at every
// byte.
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

// A check without a failure is no error to GitHub.
func TestGitHubNotice(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteGitHub(&out, doctor.Report{Verdict: doctor.Verdict{Answer: doctor.AnswerYes, Text: "spans reach Jaeger"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "::notice title=check-jaeger::spans reach Jaeger\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
