package load

import (
	"encoding/json"
	"math"
	"time"
)

// millis is a duration in JSON: milliseconds, exact to the nanosecond.
type millis float64

func toMillis(d time.Duration) millis {
	return millis(float64(d) / float64(time.Millisecond))
}

func (m millis) duration() time.Duration {
	return time.Duration(math.Round(float64(m) * float64(time.Millisecond)))
}

// MarshalJSON implements json.Marshaler. The fields are part of schema_version 1.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report
	r.Histogram, r.Errors = list(r.Histogram), list(r.Errors)
	r.Slowest, r.Series = list(r.Slowest), list(r.Series)
	return json.Marshal(struct {
		plain
		DurationMS  millis `json:"duration_ms"`
		MeanDelayMS millis `json:"mean_delay_ms"`
		MaxDelayMS  millis `json:"max_delay_ms"`
	}{plain(r), toMillis(r.Duration), toMillis(r.MeanDelay), toMillis(r.MaxDelay)})
}

// list returns an empty list for nil, so that the JSON is never null.
func list[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}

// MarshalJSON implements json.Marshaler; see Report.
func (l Latency) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Count int64  `json:"count"`
		Mean  millis `json:"mean"`
		Min   millis `json:"min"`
		P50   millis `json:"p50"`
		P90   millis `json:"p90"`
		P95   millis `json:"p95"`
		P99   millis `json:"p99"`
		P999  millis `json:"p999"`
		Max   millis `json:"max"`
	}{
		l.Count, toMillis(l.Mean), toMillis(l.Min), toMillis(l.P50), toMillis(l.P90),
		toMillis(l.P95), toMillis(l.P99), toMillis(l.P999), toMillis(l.Max),
	})
}

// MarshalJSON implements json.Marshaler; see Report.
func (b Bucket) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		FromMS millis `json:"from_ms"`
		ToMS   millis `json:"to_ms"`
		Count  int64  `json:"count"`
	}{toMillis(b.From), toMillis(b.To), b.Count})
}

// MarshalJSON implements json.Marshaler; see Report.
func (s Slow) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Seq       int64     `json:"seq"`
		Start     time.Time `json:"start"`
		LatencyMS millis    `json:"latency_ms"`
		DelayMS   millis    `json:"delay_ms"`
		Status    int       `json:"status"`
		Kind      ErrorKind `json:"kind,omitempty"`
		TraceID   string    `json:"trace_id,omitempty"`
		Sampled   bool      `json:"sampled"`
	}{s.Seq, s.Start, toMillis(s.Latency), toMillis(s.Delay), s.Status, s.Kind, s.TraceID, s.Sampled})
}

// MarshalJSON implements json.Marshaler; see Report.
func (w Window) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		AtMS     millis `json:"at_ms"`
		WidthMS  millis `json:"width_ms"`
		Requests int64  `json:"requests"`
		Failed   int64  `json:"failed"`
		P50MS    millis `json:"p50_ms"`
		P99MS    millis `json:"p99_ms"`
	}{toMillis(w.At), toMillis(w.Width), w.Requests, w.Failed, toMillis(w.P50), toMillis(w.P99)})
}
