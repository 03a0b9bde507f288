package load

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// maxLatency is the longest latency of a histogram; longer ones count as it.
const maxLatency = time.Hour

// The significant digits of histograms: one with 3 occupies 190 KB, one with 2 30 KB.
const (
	wholeRun  = 3
	oneWindow = 2
)

// latencies is a distribution of latencies, in bounded memory. Its percentiles have
// the precision of a microsecond, the rest is exact.
type latencies struct {
	histogram *hdrhistogram.Histogram
	sum       float64 // nanoseconds
	min, max  time.Duration
}

func newLatencies(digits int) *latencies {
	return &latencies{
		histogram: hdrhistogram.New(1, maxLatency.Microseconds(), digits),
		min:       math.MaxInt64,
	}
}

func (l *latencies) add(d time.Duration) {
	// No error is possible: the value is in range.
	_ = l.histogram.RecordValue(min(max(d, 0), maxLatency).Microseconds())
	l.sum += float64(d)
	l.min = min(l.min, d)
	l.max = max(l.max, d)
}

// merge adds the latencies of other, which has the same number of digits.
func (l *latencies) merge(other *latencies) {
	l.histogram.Merge(other.histogram)
	l.sum += other.sum
	l.min = min(l.min, other.min)
	l.max = max(l.max, other.max)
}

func (l *latencies) count() int64 { return l.histogram.TotalCount() }

// percentile returns 0 when there are none.
func (l *latencies) percentile(p float64) time.Duration {
	if l.count() == 0 {
		return 0
	}
	d := time.Duration(l.histogram.ValueAtPercentile(p)) * time.Microsecond
	return min(max(d, l.min), l.max)
}

func (l *latencies) summary() Latency {
	n := l.count()
	if n == 0 {
		return Latency{}
	}
	return Latency{
		Count: n,
		Mean:  time.Duration(l.sum / float64(n)),
		Min:   l.min,
		P50:   l.percentile(50),
		P90:   l.percentile(90),
		P95:   l.percentile(95),
		P99:   l.percentile(99),
		P999:  l.percentile(99.9),
		Max:   l.max,
	}
}

// maxBuckets bounds the buckets up to the 99th percentile.
const maxBuckets = 12

// buckets counts the latencies in buckets of a round width up to the 99th percentile;
// the last one includes the long tail.
func (l *latencies) buckets() []Bucket {
	if l.count() == 0 {
		return nil
	}
	p99 := l.percentile(99)
	width := roundWidth((p99 - l.min) / maxBuckets)
	first := l.min.Truncate(width)
	buckets := make([]Bucket, 0, maxBuckets+2)
	for from := first; from <= p99; from += width {
		buckets = append(buckets, Bucket{From: from, To: from + width})
	}
	last := len(buckets) - 1
	for _, bar := range l.histogram.Distribution() {
		if bar.Count == 0 {
			continue
		}
		// The values of a bar are around its middle.
		at := time.Duration(bar.From+bar.To) * time.Microsecond / 2
		i := int(max(at-first, 0) / width)
		if i > last && len(buckets) == last+1 {
			buckets = append(buckets, Bucket{From: buckets[last].To})
		}
		buckets[min(i, last+1)].Count += bar.Count
	}
	end := &buckets[len(buckets)-1]
	end.To = max(end.To, l.max)
	return buckets
}

// roundWidth returns the next 1, 2 or 5 times a power of ten microseconds that is
// not below d.
func roundWidth(d time.Duration) time.Duration {
	for unit := time.Microsecond; ; unit *= 10 {
		for _, width := range []time.Duration{unit, 2 * unit, 5 * unit} {
			if width >= d {
				return width
			}
		}
	}
}
