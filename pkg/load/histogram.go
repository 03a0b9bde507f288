package load

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// maxLatency is the longest latency of a histogram; longer ones count as it.
const maxLatency = Millis(time.Hour)

// microsecond is the precision of percentiles.
const microsecond = Millis(time.Microsecond)

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
	min, max  Millis
}

func newLatencies(digits int) *latencies {
	return &latencies{
		histogram: hdrhistogram.New(1, int64(maxLatency/microsecond), digits),
		min:       math.MaxInt64,
	}
}

func (l *latencies) add(d Millis) {
	// No error is possible: the value is in range.
	_ = l.histogram.RecordValue(int64(min(max(d, 0), maxLatency) / microsecond))
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
func (l *latencies) percentile(p float64) Millis {
	if l.count() == 0 {
		return 0
	}
	d := Millis(l.histogram.ValueAtPercentile(p)) * microsecond
	return min(max(d, l.min), l.max)
}

func (l *latencies) summary() Latency {
	n := l.count()
	if n == 0 {
		return Latency{}
	}
	return Latency{
		Count: n,
		Mean:  Millis(l.sum / float64(n)),
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
		return []Bucket{}
	}
	p99 := l.percentile(99)
	width := roundWidth((p99 - l.min) / maxBuckets)
	first := l.min - l.min%width
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
		at := Millis(bar.From+bar.To) * microsecond / 2
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
func roundWidth(d Millis) Millis {
	for unit := microsecond; ; unit *= 10 {
		for _, width := range []Millis{unit, 2 * unit, 5 * unit} {
			if width >= d {
				return width
			}
		}
	}
}
