package terminal

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var screen bytes.Buffer
		line := NewLine(&screen, 0, true)
		calls := 0
		stop := line.Follow(func() string {
			calls++
			return "so far " + string(rune('0'+calls))
		})
		time.Sleep(2*lineInterval + lineInterval/2) //nolint:forbidigo // the bubble's clock
		if _, err := line.Write([]byte("a warning\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lineInterval) //nolint:forbidigo // the bubble's clock
		stop()
		want := "so far 1" + clearLine + "so far 2" + clearLine + "a warning\n" + "so far 3" + clearLine
		if diff := cmp.Diff(want, screen.String()); diff != "" {
			t.Errorf("the terminal got (-want +got):\n%s", diff)
		}
	})
}

func TestLineIsSilent(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	line := NewLine(&stderr, 0, false)
	stop := line.Follow(func() string { t.Error("the status was requested"); return "" })
	line.Show("reading back")
	if _, err := line.Write([]byte("a warning\n")); err != nil {
		t.Fatal(err)
	}
	stop()
	line.Clear()
	if got, want := stderr.String(), "a warning\n"; got != want {
		t.Errorf("stderr got %q, want %q", got, want)
	}
}

// A line wider than the terminal would wrap and could not be erased completely.
func TestLineFits(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]int{0: 79, 10: 9, 200: 100} {
		var screen bytes.Buffer
		NewLine(&screen, width, true).Show(strings.Repeat("x", 100))
		if got := screen.Len(); got != want {
			t.Errorf("a terminal of %d columns gets %d characters, want %d", width, got, want)
		}
	}
}

func TestPaint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		opts  Options
		color Color
		want  string
	}{
		{Options{}, Red, "x"},
		{Options{Color: true}, Default, "x"},
		{Options{Color: true}, Red, "\x1b[31mx\x1b[0m"},
	}
	for _, tt := range tests {
		if got := tt.opts.Paint(tt.color, "x"); got != tt.want {
			t.Errorf("%+v paints in %d %q, want %q", tt.opts, tt.color, got, tt.want)
		}
	}
}
