package load

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestPacerDue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rate pacer
		seq  int64
		want time.Duration
	}{
		{rate: 10, seq: 0, want: 0},
		{rate: 10, seq: 1, want: 100 * time.Millisecond},
		{rate: 0.5, seq: 3, want: 6 * time.Second},
		{rate: 3, seq: 3_000_000_000, want: 1e9 * time.Second}, // no rounding adds up
		{rate: 1e9, seq: 7, want: 7 * time.Nanosecond},
		{rate: 1e-300, seq: 1, want: math.MaxInt64},
	}
	for _, tt := range tests {
		if got := tt.rate.due(tt.seq); got != tt.want {
			t.Errorf("at %v/s call %d is due after %v, want %v", float64(tt.rate), tt.seq, got, tt.want)
		}
	}
}

func TestPacerCountIsWhatIsDue(t *testing.T) {
	t.Parallel()
	for _, rate := range []pacer{0.3, 1, 3, 7, 10, 999.99, 12345} {
		for _, elapsed := range []time.Duration{0, 1, time.Millisecond, 100 * time.Millisecond, time.Second, 7 * time.Second, time.Hour} {
			n := rate.count(elapsed)
			if n > 0 && rate.due(n-1) >= elapsed {
				t.Errorf("at %v/s %d calls are due before %v, but the last one is due after %v", float64(rate), n, elapsed, rate.due(n-1))
			}
			if rate.due(n) < elapsed {
				t.Errorf("at %v/s %d calls are due before %v, but the next one is due after %v", float64(rate), n, elapsed, rate.due(n))
			}
		}
	}
}

func TestShareIsExactAndEven(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		part float64
		want int64 // of a million
	}{{0, 0}, {1e-9, 1}, {0.1, 100_000}, {0.29, 290_000}, {1.0 / 3, 333_333}, {0.7, 700_000}, {1, 1_000_000}} {
		t.Run(fmt.Sprint(tt.part), func(t *testing.T) {
			t.Parallel()
			s := newShare(tt.part)
			if got := s.takes(0); got != (tt.part > 0) {
				t.Errorf("takes the first call: %t", got)
			}
			const far = 5_000_000_000_000 // where the numbers of a long run are
			var taken int64
			for seq := range int64(1_000_000) {
				if s.takes(far + seq) {
					taken++
				}
				if off := float64(taken) - float64(seq+1)*tt.part; math.Abs(off) > 2 {
					t.Fatalf("%d of the first %d calls are taken, which is not even", taken, seq+1)
				}
			}
			if taken != tt.want {
				t.Errorf("%d of a million are taken, want %d", taken, tt.want)
			}
		})
	}
}
