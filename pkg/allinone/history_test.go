package allinone

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/loss"
)

// remembered is a history whose clock the test moves, and the clients it tells of.
type remembered struct {
	*history
	clients *clients
	stats   loss.Account // all but the clients
	now     time.Time
}

func remember() *remembered {
	now := time.Unix(1_700_000_000, 0).Truncate(time.Hour)
	return &remembered{history: newHistory(now), clients: newClients(), now: now}
}

// tick takes a sample, some time after the last one.
func (r *remembered) tick(after time.Duration) {
	r.now = r.now.Add(after)
	stats := r.stats
	stats.Clients, stats.Totals = r.clients.snapshot()
	r.record(r.now, &stats)
}

func (r *remembered) samples() []loss.Sample { return r.answer(r.now, 0).Samples }

// sum adds up what samples tell of everything, and what they tell of clients.
func sum(samples []loss.Sample) (all, clients loss.Tally) {
	for _, s := range samples {
		all = all.Plus(s.Tally)
		for _, c := range s.Clients {
			clients = clients.Plus(c.Tally)
		}
		if s.Others != nil {
			clients = clients.Plus(*s.Others)
		}
	}
	return all, clients
}

// A sample tells what was counted since the one before, of everything, of each
// listener and of each client.
func TestHistoryTellsWhatWasNew(t *testing.T) {
	t.Parallel()
	r := remember()
	begin := r.now.UnixMicro()
	r.stats.Listeners = map[string]loss.Listener{
		AgentCompact: {Batches: 2, Spans: 4, Datagrams: &loss.UDP{KernelDrops: 3}},
		Zipkin:       {Undecodable: loss.Rejects{string(ingest.Text): 5, string(ingest.Empty): 1}},
	}
	r.stats.Batches, r.stats.Spans, r.stats.Agent.KernelDrops = 2, 4, 3
	r.stats.Store.EvictedSpans, r.stats.Store.RefusedSpans = 7, 8
	r.clients.observe(numbered("a", 1, nil))
	r.clients.observe(numbered("a", 4, &ingest.Losses{QueueFull: 9, TooLarge: 1, Failed: 2}))
	r.tick(time.Second)
	r.tick(time.Second)
	r.clients.observe(numbered("a", 3, nil)) // was only late
	r.tick(28 * time.Second)                 // the process was stopped

	want := []loss.Sample{
		{
			At: begin + 1_000_000, Micros: 1_000_000,
			Tally: loss.Tally{
				Batches: 2, Spans: 4, BatchesMissing: 2, QueueFull: 9, TooLarge: 1, Failed: 2,
				Undecodable: 6, KernelDrops: 3, SpansEvicted: 7, SpansRefused: 8,
			},
			Listeners: map[string]loss.Tally{
				AgentCompact: {Batches: 2, Spans: 4, KernelDrops: 3},
				Zipkin:       {Undecodable: 6},
			},
			Clients: []loss.ClientTally{{Tally: loss.Tally{
				Batches: 2, Spans: 4, BatchesMissing: 2, QueueFull: 9, TooLarge: 1, Failed: 2,
			}}},
		},
		{At: begin + 2_000_000, Micros: 1_000_000},
		{
			At: begin + 30_000_000, Micros: 28_000_000, Tally: loss.Tally{BatchesMissing: -1},
			Clients: []loss.ClientTally{{Tally: loss.Tally{Batches: 1, Spans: 2, BatchesMissing: -1}}},
		},
	}
	got := r.answer(r.now, 0)
	if diff := cmp.Diff(want, got.Samples, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	client := []loss.SampledClient{{ID: "a", Service: "svc-a", LastHeard: begin + 30_000_000}}
	if diff := cmp.Diff(client, got.Clients); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	if got := r.answer(r.now, begin+2_000_000).Samples; len(got) != 1 || got[0].At != begin+30_000_000 {
		t.Errorf("got %+v after the second sample, want the third alone", got)
	}
}

// Two days of a sample a second take no more than the bounds, and lose nothing of
// what is within them.
func TestHistoryIsThinned(t *testing.T) {
	t.Parallel()
	r := remember()
	seq := int64(0)
	for range 2 * 24 * 3600 {
		seq++
		r.clients.observe(numbered("a", seq, nil))
		r.stats.Batches, r.stats.Spans = seq, 2*seq
		r.tick(time.Second)
	}
	samples := r.samples()
	if got, want := len(samples), maxSeconds+maxMinutes; got != want {
		t.Fatalf("got %d samples, want %d", got, want)
	}
	at := int64(0)
	for i, s := range samples {
		seconds := int64(1)
		if i > 0 && i < maxMinutes-1 { // the first and the last may be parts of a minute
			seconds = 60
		}
		if s.Micros != seconds*1_000_000 && i > 0 && i != maxMinutes-1 || s.At <= at {
			t.Fatalf("sample %d is of %d microseconds until %d, want %d seconds after %d", i, s.Micros, s.At, seconds, at)
		}
		if s.Batches != s.Micros/1_000_000 || len(s.Clients) != 1 || s.Clients[0].Spans != 2*s.Batches {
			t.Fatalf("sample %d of %d microseconds has %+v", i, s.Micros, s)
		}
		at = s.At
	}
}

// The clients that were heard last are told one by one, however many there are; the
// sums keep all.
func TestHistoryBoundsClients(t *testing.T) {
	t.Parallel()
	r := remember()
	const count = 3 * maxClients
	for i := range count {
		r.clients.observe(numbered(fmt.Sprint(i), 1, nil))
		r.clients.observe(numbered(fmt.Sprint(i), 3, &ingest.Losses{QueueFull: 1}))
		if i%7 == 0 { // some share a sample
			r.tick(time.Second)
		}
	}
	r.clients.observe(numbered("0", 4, nil)) // was dropped from the list, and is new
	r.tick(time.Second)

	got := r.answer(r.now, 0)
	if len(got.Clients) != maxSampleClients || got.Clients[0].ID != "0" || got.Clients[1].ID != fmt.Sprint(count-1) {
		t.Errorf("got %d clients, the first two %+v; want %d, the last heard first", len(got.Clients), got.Clients[:2], maxSampleClients)
	}
	listed := 0
	for _, s := range got.Samples {
		listed += len(s.Clients)
	}
	if listed != maxSampleClients {
		t.Errorf("got %d entries of clients, want one for each of the %d", listed, maxSampleClients)
	}
	all, clients := sum(got.Samples)
	want := loss.Tally{Batches: 2*count + 1, Spans: 2 * (2*count + 1), BatchesMissing: count, QueueFull: count}
	if clients != want || all.BatchesMissing != count || all.QueueFull != count {
		t.Errorf("got %+v of clients and %+v in all, want %+v", clients, all, want)
	}
}

// More clients than are listed share the rest of a sample, also of the first one.
func TestHistoryHasOthers(t *testing.T) {
	t.Parallel()
	r := remember()
	for i := range maxSampleClients + 3 {
		r.clients.observe(numbered(fmt.Sprint(i), 1, nil))
	}
	r.tick(time.Second)
	got := r.samples()[0]
	if want := (&loss.Tally{Batches: 3, Spans: 6}); len(got.Clients) != maxSampleClients || cmp.Diff(want, got.Others) != "" {
		t.Errorf("got %d clients and others %+v, want %d and %+v", len(got.Clients), got.Others, maxSampleClients, want)
	}
}

// What strangers claim does not wrap around, in no sum.
func TestHistoryWithstandsClaims(t *testing.T) {
	t.Parallel()
	r := remember()
	for round := range int64(3) {
		for i := range maxSampleClients + 10 {
			id := fmt.Sprint(i)
			r.clients.observe(numbered(id, 1+round, &ingest.Losses{QueueFull: math.MaxInt64, TooLarge: math.MinInt64}))
			r.clients.observe(numbered(id, math.MaxInt64, &ingest.Losses{Failed: math.MaxInt64}))
		}
		r.tick(time.Second)
		r.tick(-time.Hour) // the clock is set back
	}
	for range maxSeconds {
		r.tick(time.Second)
	}
	all, clients := sum(r.samples())
	for _, tally := range []loss.Tally{all, clients} {
		if tally.Failed != math.MaxInt64 || tally.TooLarge != 0 || tally.BatchesMissing < math.MaxInt64/2 {
			t.Errorf("got %+v, want what was claimed, up to the largest number", tally)
		}
	}
	for _, s := range r.samples() {
		if s.Micros < 0 {
			t.Errorf("a sample took %d microseconds", s.Micros)
		}
	}
}

// The samples come over HTTP while spans do, every field is documented, and a wrong
// parameter is told.
func TestHistoryIsServed(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/all-in-one.md")
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, Options{})
	conn := dial(t, b)
	send(t, conn, wiretest.Compact(wiretest.Batch("svc", 1, 3)))
	send(t, conn, []byte("no thrift"))
	waitFor(t, b, func(loss.Account) bool {
		all, _ := sum(b.History(time.Time{}).Samples)
		return all.Spans == 3 && all.Undecodable == 1
	})
	status, body := get(t, b, "/api/loss/history")
	var got loss.History
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		t.Fatalf("got %d, %v in %s", status, err, body)
	}
	if got.SchemaVersion != loss.SchemaVersion || !got.Started.Equal(b.Stats().Started) || len(got.Clients) != 1 || got.Clients[0].ID != "uuid-svc" {
		t.Errorf("got %s", body)
	}
	if all, clients := sum(got.Samples); all.Spans != 3 || clients.Spans != 3 {
		t.Errorf("got %d spans and %d of clients, want 3", all.Spans, clients.Spans)
	}
	var report map[string]any
	if err := json.Unmarshal([]byte(body), &report); err != nil {
		t.Fatal(err)
	}
	for _, field := range fields(report) {
		if !strings.Contains(string(doc), field+"`") && !strings.Contains(string(doc), field+".") {
			t.Errorf("docs/all-in-one.md does not say what %q of /api/loss/history means", field)
		}
	}
	later := got.Samples[len(got.Samples)-1].At + 3_600_000_000
	if _, body := get(t, b, fmt.Sprintf("/api/loss/history?after=%d", later)); !strings.Contains(body, `"samples":[]`) {
		t.Errorf("got %s, want no samples of the future", body)
	}
	if status, body := get(t, b, "/api/loss/history?after=now"); status != http.StatusBadRequest || !strings.Contains(body, "unable to parse param 'after'") {
		t.Errorf("got %d %s, want what is wrong", status, body)
	}
}
