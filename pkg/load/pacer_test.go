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

func TestPacerCount(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	tests := []struct {
		rate    pacer
		elapsed time.Duration
		want    int64
	}{
		{rate: 10, elapsed: -time.Second, want: 0},
		{rate: 10, elapsed: 0, want: 0},
		{rate: 10, elapsed: 1, want: 1},
		{rate: 10, elapsed: time.Second, want: 10}, // call 10 is due just then
		{rate: 10, elapsed: time.Second + 1, want: 11},
		{rate: 0.1, elapsed: 5 * time.Second, want: 1},
		{rate: 3, elapsed: 1e9 * time.Second, want: 3e9}, // no rounding adds up
		{rate: 3, elapsed: 1e9*time.Second + 1, want: 3e9 + 1},
		{rate: 1e-300, elapsed: math.MaxInt64, want: 1},
		{rate: math.SmallestNonzeroFloat64, elapsed: year, want: 1},
		{rate: 1e9, elapsed: 5, want: 5}, // the schedule's resolution
		{rate: 4e9, elapsed: 5, want: 20},
		{rate: 1e18, elapsed: 2 * time.Second, want: 2e18},
		// More than an int64 holds.
		{rate: 1e18, elapsed: 10 * time.Second, want: math.MaxInt64},
		{rate: 1e19, elapsed: time.Second, want: math.MaxInt64},
		{rate: 1e20, elapsed: time.Second, want: math.MaxInt64},
		{rate: 1e300, elapsed: 1, want: math.MaxInt64},
		{rate: 1e300, elapsed: 0, want: 0},
		{rate: 1e300, elapsed: math.MaxInt64, want: math.MaxInt64},
		{rate: math.MaxFloat64, elapsed: 2 * time.Second, want: math.MaxInt64},
		{rate: 1e9, elapsed: math.MaxInt64, want: math.MaxInt64},
	}
	for _, tt := range tests {
		got := tt.rate.count(tt.elapsed)
		// A float64 is exact to 53 bits.
		if off := math.Abs(float64(got) - float64(tt.want)); off > float64(tt.want)*0x1p-52 {
			t.Errorf("at %v/s %d calls are due before %v, want %d", float64(tt.rate), got, tt.elapsed, tt.want)
		}
	}
}

func TestPacerCountIsWhatIsDue(t *testing.T) {
	t.Parallel()
	for _, rate := range []pacer{math.SmallestNonzeroFloat64, 0.3, 1, 3, 7, 10, 999.99, 12345, 7e9, 9.2e18, 9.3e18, 1e20, 1e300, math.MaxFloat64} {
		for _, elapsed := range []time.Duration{-1, 0, 1, time.Millisecond, 100 * time.Millisecond, time.Second, 7 * time.Second, time.Hour, math.MaxInt64} {
			n := rate.count(elapsed)
			if n < 0 {
				t.Errorf("at %v/s %d calls are due before %v", float64(rate), n, elapsed)
			}
			if n > 0 && rate.due(n-1) >= elapsed {
				t.Errorf("at %v/s %d calls are due before %v, but the last one is due after %v", float64(rate), n, elapsed, rate.due(n-1))
			}
			if n < math.MaxInt64 && rate.due(n) < elapsed {
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
			if got := s.includes(0); got != (tt.part > 0) {
				t.Errorf("takes the first call: %t", got)
			}
			const far = 5_000_000_000_000 // where the numbers of a long run are
			var taken int64
			for seq := range int64(1_000_000) {
				if s.includes(far + seq) {
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
