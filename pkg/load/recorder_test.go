package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

// begin is when the runs of these tests start.
var begin = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

func record(results ...Result) Report {
	c := NewRecorder()
	for _, r := range results {
		c.Add(r)
	}
	return c.Report()
}

// randomResults are n calls, a millisecond apart, of latencies from a tenth of a
// millisecond to some seconds.
func randomResults(n int) []Result {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
	results := make([]Result, n)
	for i := range results {
		latency := time.Duration(100_000 * (1 + random.ExpFloat64()*float64(1+random.IntN(1000))))
		results[i] = Result{
			Seq: int64(i), Start: begin.Add(time.Duration(i) * time.Millisecond),
			Latency: latency, Status: 200, Bytes: 36, TraceID: trace.TraceID{Low: uint64(i + 1)}, Sampled: true,
		}
	}
	return results
}

func TestLatenciesAreThoseOfTheResults(t *testing.T) {
	t.Parallel()
	results := randomResults(20_000)
	got := record(results...)
	var sorted []Millis
	var sum Millis
	for _, r := range results {
		sorted = append(sorted, Millis(r.Latency))
		sum += Millis(r.Latency)
	}
	slices.Sort(sorted)
	last := len(sorted) - 1
	for _, tt := range []struct {
		name      string
		got, want Millis
	}{
		{"p50", got.Latency.P50, sorted[last/2]},
		{"p90", got.Latency.P90, sorted[last*90/100]},
		{"p95", got.Latency.P95, sorted[last*95/100]},
		{"p99", got.Latency.P99, sorted[last*99/100]},
		{"p99.9", got.Latency.P999, sorted[last*999/1000]},
	} {
		if off := time.Duration(tt.got - tt.want).Abs(); off > time.Duration(tt.want/1000+microsecond) {
			t.Errorf("%s is %v, want %v to three digits", tt.name, tt.got, tt.want)
		}
	}
	if got.Latency.Min != sorted[0] || got.Latency.Max != sorted[last] || got.Latency.Count != 20_000 {
		t.Errorf("min %v, max %v of %d, want exactly %v, %v of 20000", got.Latency.Min, got.Latency.Max, got.Latency.Count, sorted[0], sorted[last])
	}
	if want := sum / 20_000; time.Duration(got.Latency.Mean-want).Abs() > time.Nanosecond {
		t.Errorf("mean %v, want %v", got.Latency.Mean, want)
	}
	checkHistogram(t, got.Histogram, sorted)
	for i, slow := range got.Slowest {
		if want := sorted[last-i]; slow.Latency != want {
			t.Errorf("the slowest but %d took %v, want %v", i, slow.Latency, want)
		}
		if want := fmt.Sprintf("%016x", slow.Seq+1); slow.TraceID != want {
			t.Errorf("call %d has trace %s, want %s", slow.Seq, slow.TraceID, want)
		}
	}
	if len(got.Slowest) != 10 {
		t.Errorf("%d slowest calls, want 10", len(got.Slowest))
	}
}

// checkHistogram compares the buckets with the latencies themselves.
func checkHistogram(t *testing.T, buckets []Bucket, sorted []Millis) {
	t.Helper()
	if len(buckets) < 2 || len(buckets) > maxBuckets+2 {
		t.Fatalf("%d buckets, want 2 to %d", len(buckets), maxBuckets+2)
	}
	tolerance := int64(len(sorted) / 500) // an edge is known to three digits
	for i, b := range buckets {
		if i > 0 && b.From != buckets[i-1].To {
			t.Errorf("bucket %d begins at %v, the one before ends at %v", i, b.From, buckets[i-1].To)
		}
		var want int64
		for _, l := range sorted {
			if l >= b.From && (l < b.To || i == len(buckets)-1) {
				want++
			}
		}
		if off := b.Count - want; off > tolerance || off < -tolerance {
			t.Errorf("bucket %d, %v to %v, counts %d, want %d", i, b.From, b.To, b.Count, want)
		}
	}
	var sum int64
	for _, b := range buckets {
		sum += b.Count
	}
	if sum != int64(len(sorted)) {
		t.Errorf("the buckets count %d, want %d", sum, len(sorted))
	}
	if first, last := buckets[0], buckets[len(buckets)-1]; first.From > sorted[0] || last.To < sorted[len(sorted)-1] {
		t.Errorf("buckets from %v to %v, want %v to %v within", first.From, last.To, sorted[0], sorted[len(sorted)-1])
	}
}

func TestReportCounts(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	at := func(d time.Duration) time.Time { return begin.Add(d) }
	got := record(
		Result{Start: at(0), Latency: 5 * ms, Status: 200, Bytes: 1000, Warmup: true},
		Result{Start: at(0), Latency: 7 * ms, Status: 500, Kind: Status, Err: "warm", Warmup: true},
		Result{Start: at(1000 * ms), Latency: 10 * ms, Status: 200, Bytes: 10},
		Result{Start: at(2000 * ms), Latency: 30 * ms, Delay: 20 * ms, Status: 404, Bytes: 20, Kind: Status, Err: "first"},
		Result{Start: at(2100 * ms), Latency: 20 * ms, Status: 404, Kind: Status, Err: "second"},
		Result{Start: at(2200 * ms), Latency: 1 * ms, Kind: Refused, Err: "nobody there"},
		Result{Start: at(3900 * ms), Latency: 1100 * ms, Kind: Timeout, Err: "too slow"},
	)
	const m = Millis(ms)
	want := Report{
		Start: at(1000 * ms), End: at(5000 * ms), Duration: 4000 * m,
		Requests: 5, Failed: 4, Warmup: 2, Rate: 1.25, Bytes: 30,
		Latency: Latency{
			Count: 4, Mean: 290 * m, Min: 10 * m, P50: 20015 * microsecond,
			P90: 1100 * m, P95: 1100 * m, P99: 1100 * m, P999: 1100 * m, Max: 1100 * m,
		},
		Histogram: []Bucket{
			{From: 0, To: 100 * m, Count: 3},
			{100 * m, 200 * m, 0},
			{200 * m, 300 * m, 0},
			{300 * m, 400 * m, 0},
			{400 * m, 500 * m, 0},
			{500 * m, 600 * m, 0},
			{600 * m, 700 * m, 0},
			{700 * m, 800 * m, 0},
			{800 * m, 900 * m, 0},
			{900 * m, 1000 * m, 0},
			{1000 * m, 1100 * m, 0},
			{1100 * m, 1200 * m, 1},
		},
		Status:    map[int]int64{200: 1, 404: 2},
		Errors:    []ErrorCount{{Status, 2, "first"}, {Refused, 1, "nobody there"}, {Timeout, 1, "too slow"}},
		MeanDelay: 4 * m, MaxDelay: 20 * m,
		Slowest: []Slow{
			{Start: at(3900 * ms), Latency: 1100 * m, Kind: Timeout},
			{Start: at(2000 * ms), Latency: 30 * m, Delay: 20 * m, Status: 404, Kind: Status},
			{Start: at(2100 * ms), Latency: 20 * m, Status: 404, Kind: Status},
			{Start: at(1000 * ms), Latency: 10 * m, Status: 200},
		},
		Series: []Window{
			{At: 0, Width: 1000 * m, Requests: 1, P50: 10 * m, P99: 10 * m},
			{At: 1000 * m, Width: 1000 * m, Requests: 3, Failed: 3, P50: 20095 * microsecond, P99: 30 * m},
			{At: 2000 * m, Width: 1000 * m},
			{At: 3000 * m, Width: 1000 * m},
			{At: 4000 * m, Width: m, Requests: 1, Failed: 1, P50: 1100 * m, P99: 1100 * m},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestResultsInAnyOrder(t *testing.T) {
	t.Parallel()
	got := record(
		Result{Start: begin.Add(5 * time.Second), Latency: 2 * time.Second, Status: 200},
		Result{Start: begin, Latency: time.Second, Status: 200},
	)
	if !got.Start.Equal(begin) || !got.End.Equal(begin.Add(7*time.Second)) {
		t.Errorf("from %v to %v, want %v and 7s more", got.Start, got.End, begin)
	}
	var counted int64
	for _, w := range got.Series {
		counted += w.Requests
	}
	if counted != 2 {
		t.Errorf("the series counts %d calls, want 2", counted)
	}
}

func TestRateIgnoresWhatIsLongDone(t *testing.T) {
	t.Parallel()
	var r recent
	r.add(begin)
	for range 30 {
		r.add(begin.Add(5 * time.Second))
		r.add(begin.Add(2 * time.Second))
		r.add(begin.Add(3900 * time.Millisecond)) // has the slot of 5s
	}
	if got, want := r.rate(begin.Add(5100*time.Millisecond)), 30.0; got != want {
		t.Errorf("rate is %v, want %v", got, want)
	}
}

func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	warm := Result{Start: begin, Latency: time.Millisecond, Status: 200, Warmup: true}
	for name, tt := range map[string]struct {
		results []Result
		warmup  int64
	}{"no calls": {nil, 0}, "warm-up alone": {[]Result{warm, warm}, 2}} {
		want := Report{
			Histogram: []Bucket{}, Status: map[int]int64{}, Errors: []ErrorCount{}, Slowest: []Slow{}, Series: []Window{}, Warmup: tt.warmup,
		}
		if diff := cmp.Diff(want, record(tt.results...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSeriesOfALongRunIsBounded(t *testing.T) {
	t.Parallel()
	const hours, hour = 9, Millis(time.Hour)
	s := newSeries()
	var added int64
	for at := time.Duration(0); at < hours*time.Hour; at += 1500 * time.Millisecond {
		latency := time.Millisecond
		if at >= 4*time.Hour && at < 5*time.Hour {
			latency = 50 * time.Millisecond
		}
		s.add(&Result{Start: begin.Add(at), Latency: latency, Status: 200})
		added++
	}
	windows := s.report()
	if len(windows) <= maxWindows/2 || len(windows) > maxWindows {
		t.Errorf("%d windows, want %d to %d", len(windows), maxWindows/2+1, maxWindows)
	}
	var counted int64
	for i, w := range windows {
		counted += w.Requests
		if w.At != Millis(i)*windows[0].Width || (w.Width != windows[0].Width && i < len(windows)-1) {
			t.Errorf("window %d is %v wide and begins at %v, want no gaps", i, w.Width, w.At)
		}
		want := Millis(time.Millisecond)
		switch {
		case w.At+w.Width <= 4*hour, w.At >= 5*hour:
		case w.At >= 4*hour && w.At+w.Width <= 5*hour:
			want *= 50
		default:
			continue // half of both
		}
		if time.Duration(w.P50-want).Abs() > time.Duration(want/100) {
			t.Errorf("window at %v has a median of %v, want %v to two digits", w.At, w.P50, want)
		}
	}
	if counted != added {
		t.Errorf("the windows count %d results, want %d", counted, added)
	}
}

func TestSeriesKeepsWhatItMerges(t *testing.T) {
	t.Parallel()
	s := newSeries()
	for i, latency := range []time.Duration{time.Millisecond, 100 * time.Millisecond, time.Millisecond} {
		s.add(&Result{Start: begin.Add(time.Duration(i) * time.Second), Latency: latency, Kind: Status})
	}
	s.halve()
	got := s.report()
	if len(got) != 2 || got[0].Requests != 2 || got[0].Failed != 2 || got[1].Failed != 1 || got[0].P99 < Millis(99*time.Millisecond) {
		t.Errorf("got %+v, want the first two windows merged", got)
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewRecorder()
		if got, want := c.Snapshot(), (Snapshot{}); got != want {
			t.Errorf("before the run got %+v, want nothing", got)
		}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := range 200 { // 50 a second, for 4 seconds
			now := <-tick.C
			r := Result{Start: now.Add(-10 * time.Millisecond), Latency: 10 * time.Millisecond, Status: 200, Warmup: i < 10}
			if i%4 == 0 {
				r.Kind = Refused
			}
			c.Add(r)
		}
		if got, want := c.Snapshot(), (Snapshot{Done: 200, Failed: 50, Rate: 50, P99: Millis(10 * time.Millisecond)}); got != want {
			t.Errorf("in full swing got %+v, want %+v", got, want)
		}
		<-time.After(2 * time.Second)
		if got := c.Snapshot(); got.Rate != 0 || got.Done != 200 {
			t.Errorf("2s after the last result got %+v, want a rate of 0", got)
		}
	})
}

func TestRecorderFromManyGoroutines(t *testing.T) {
	t.Parallel()
	c := NewRecorder()
	var adding sync.WaitGroup
	for range 4 {
		adding.Go(func() {
			for _, r := range randomResults(500) {
				c.Add(r)
				c.Snapshot()
			}
		})
	}
	adding.Wait()
	if got := c.Report().Requests; got != 2000 {
		t.Errorf("%d requests, want 2000", got)
	}
}
