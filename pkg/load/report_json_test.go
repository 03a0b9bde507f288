package load

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReportAsJSON(t *testing.T) {
	t.Parallel()
	const us = Millis(time.Microsecond)
	report := Report{
		Start: begin, End: begin.Add(1500 * time.Microsecond), Duration: 1500 * us,
		Requests: 3, Failed: 1, Warmup: 2, Rate: 2000, Bytes: 72,
		Latency:   Latency{Count: 3, Mean: 100 * us, Min: 1, P50: 110 * us, P90: 120 * us, P95: 130 * us, P99: 140 * us, P999: 150 * us, Max: 1001 * us},
		Histogram: []Bucket{{From: 0, To: 200 * us, Count: 3}},
		Status:    map[int]int64{200: 2, 404: 1},
		Errors:    []ErrorCount{{Status, 1, "nothing there"}},
		MeanDelay: 7 * us, MaxDelay: 21 * us,
		Slowest: []Slow{{Seq: 1, Start: begin, Latency: 1001 * us, Delay: 21 * us, Status: 404, Kind: Status, TraceID: "0a", Sampled: true}},
		Series:  []Window{{At: 1e6 * us, Width: 1e6 * us, Requests: 3, Failed: 1, P50: 110 * us, P99: 140 * us}},
	}
	const want = `{
 "start": "2026-11-23T04:00:00Z",
 "end": "2026-11-23T04:00:00.0015Z",
 "requests": 3,
 "failed": 1,
 "warmup": 2,
 "rate": 2000,
 "bytes": 72,
 "latency_ms": {
  "count": 3,
  "mean": 0.1,
  "min": 0.000001,
  "p50": 0.11,
  "p90": 0.12,
  "p95": 0.13,
  "p99": 0.14,
  "p999": 0.15,
  "max": 1.001
 },
 "histogram": [
  {
   "from_ms": 0,
   "to_ms": 0.2,
   "count": 3
  }
 ],
 "status": {
  "200": 2,
  "404": 1
 },
 "errors": [
  {
   "kind": "status",
   "count": 1,
   "example": "nothing there"
  }
 ],
 "slowest": [
  {
   "seq": 1,
   "start": "2026-11-23T04:00:00Z",
   "latency_ms": 1.001,
   "delay_ms": 0.021,
   "status": 404,
   "kind": "status",
   "trace_id": "0a",
   "sampled": true
  }
 ],
 "series": [
  {
   "at_ms": 1000,
   "width_ms": 1000,
   "requests": 3,
   "failed": 1,
   "p50_ms": 0.11,
   "p99_ms": 0.14
  }
 ],
 "duration_ms": 1.5,
 "mean_delay_ms": 0.007,
 "max_delay_ms": 0.021
}`
	got, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestEmptyReportAsJSONHasNoNull(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(NewRecorder().Report())
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(got, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		if value == nil {
			t.Errorf("%s is null", name)
		}
	}
}
