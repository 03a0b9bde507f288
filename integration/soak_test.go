package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// soakVariable is how long the soak lasts, as 10m; CI takes soakDefault.
	soakVariable = "OTDEMO_SOAK"
	soakDefault  = 20 * time.Second

	// soakMemory is full after a few seconds.
	soakMemory = 16 << 20
	// soakSlack is what the process takes beside the store: bodies of 16 MiB that
	// are unpacked at the same time, and what Go's collector lets wait.
	soakSlack = 288 << 20

	// soakSpans are the spans of one batch, soakPause is between two of a sender.
	soakSpans = 50
	soakPause = 20 * time.Millisecond
	noisePace = 4 * time.Millisecond
)

// TestSoak sends good spans and garbage to every port at once, while others
// search: every good span is stored, canaries can be read back whole at any time,
// and memory stays flat.
func TestSoak(t *testing.T) {
	length := soakDefault
	if text := os.Getenv(soakVariable); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", soakVariable, err)
		}
	}
	program, addrs := start(t, "all-in-one", "--free-ports", "--max-memory", fmt.Sprintf("%dB", soakMemory))
	s := &soak{addrs: addrs, query: "http://" + addrs["query"]}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	s.run(ctx, t)
	memory := watchMemory(ctx, t, program)
	s.running.Wait()
	s.checkStored(t)
	checkFlat(t, memory)
	if err := program.Stop(); err != nil {
		t.Errorf("stop after %s: %v", length, err)
	}
}

// soak is a backend under load.
type soak struct {
	addrs   map[string]string
	query   string
	running sync.WaitGroup
	// sent are the good spans that went out: over UDP and over HTTP.
	udp, http atomic.Int64
	// noise and reads only tell how much the load was.
	noise, reads, canaries atomic.Int64
}

// run starts everything that goes on until ctx ends.
func (s *soak) run(ctx context.Context, t *testing.T) {
	t.Helper()
	every := func(pause time.Duration, do func(n int)) {
		s.running.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					do(n)
				}
			}
		})
	}
	// What is under way at the end is counted, too.
	whole := context.WithoutCancel(ctx)
	agent, collector := s.addrs["agent-compact"], "http://"+s.addrs["collector-http"]+"/api/traces"
	every(soakPause, func(n int) {
		s.good(t, &s.udp, wire.SendUDP(whole, agent, soakTrace("soak-udp", n)))
	})
	every(soakPause*5, func(n int) {
		s.good(t, &s.http, wire.SendHTTP(whole, collector, soakTrace("soak-http", n)))
	})
	every(time.Second, func(n int) { s.canary(whole, t, agent, n) })
	every(noisePace, func(int) { s.datagram(whole) })
	every(noisePace*10, func(int) { s.connection(whole) })
	every(soakPause, func(n int) { s.read(whole, n) })
}

func (s *soak) good(t *testing.T, sent *atomic.Int64, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("a good batch was not taken: %v", err)
		return
	}
	sent.Add(soakSpans)
}

// soakTrace returns a batch of a client, of ten traces.
func soakTrace(client string, n int) trace.Trace {
	p := &trace.Process{Service: client, Tags: []trace.Tag{{Key: "client-uuid", Value: trace.String(client)}}}
	var out trace.Trace
	for i := range soakSpans {
		out.Spans = append(out.Spans, trace.Span{
			TraceID:   trace.TraceID{High: uint64(len(client)), Low: uint64(n*10 + i%10 + 1)},
			SpanID:    trace.SpanID(i + 1),
			Operation: "GET /route/" + strconv.Itoa(i%7),
			Start:     time.UnixMicro(time.Now().UnixMicro()),
			Duration:  time.Millisecond,
			Process:   p,
			Tags: []trace.Tag{
				{Key: "http.url", Value: trace.String(fmt.Sprintf("http://localhost:8000/%d/%d", n, i))},
				{Key: "http.status_code", Value: trace.Int64(200)},
			},
		})
	}
	return out
}

// canary sends a trace and reads it back.
func (s *soak) canary(ctx context.Context, t *testing.T, agent string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	sent := wire.Sample(trace.TraceID{High: 0xca, Low: uint64(n + 1)})
	if err := wire.SendUDP(ctx, agent, sent); err != nil {
		t.Errorf("canary %d: %v", n, err)
		return
	}
	if _, err := wire.ReadTrace(ctx, s.query, sent.ID, len(sent.Spans)); err != nil {
		t.Errorf("canary %d: %v", n, err)
		return
	}
	s.canaries.Add(1)
}

// read asks for something; what it is answered does not matter here.
func (s *soak) read(ctx context.Context, n int) {
	paths := []string{
		"/", "/api/services", "/api/loss", "/api/traces?service=soak-udp&limit=20",
		"/api/traces?service=soak-udp&tag=nope:1", "/api/v3/trace-summaries?query.service_name=soak-http",
		"/api/dependencies", "/api/traces/zz",
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.query+paths[n%len(paths)], http.NoBody)
	if err != nil {
		return
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
		s.reads.Add(1)
	}
}

// checkStored expects each good span in the account of its client, and none lost.
func (s *soak) checkStored(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	var account struct {
		Agent struct {
			KernelDrops int64 `json:"kernel_drops"`
		} `json:"agent"`
		Store struct {
			Added   int64 `json:"spans_added"`
			Evicted int64 `json:"spans_evicted"`
			Spans   int64 `json:"spans"`
			Refused int64 `json:"spans_refused"`
		} `json:"store"`
		Clients []struct {
			ID    string `json:"id"`
			Spans int64  `json:"spans"`
		} `json:"clients"`
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		body := ask(t, s.query+"/api/loss").Body
		if err := json.Unmarshal([]byte(text(body)), &account); err != nil {
			t.Fatal(err)
		}
		stored := make(map[string]int64)
		for _, c := range account.Clients {
			stored[c.ID] = c.Spans
		}
		if stored["soak-udp"] == s.udp.Load() && stored["soak-http"] == s.http.Load() {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("stored %d of %d spans sent over UDP and %d of %d over HTTP; the kernel dropped %d datagrams",
				stored["soak-udp"], s.udp.Load(), stored["soak-http"], s.http.Load(), account.Agent.KernelDrops)
		case <-tick.C:
		}
	}
	in := account.Store
	if in.Added != in.Spans+in.Evicted+in.Refused {
		t.Errorf("%d spans added, want the %d held + %d evicted + %d refused", in.Added, in.Spans, in.Evicted, in.Refused)
	}
	if s.canaries.Load() == 0 || s.noise.Load() == 0 || s.reads.Load() == 0 {
		t.Errorf("%d canaries, %d pieces of garbage, %d reads: want some of each", s.canaries.Load(), s.noise.Load(), s.reads.Load())
	}
	t.Logf("stored %d good spans (%d evicted since), %d canaries, beside %d pieces of garbage and %d reads",
		s.udp.Load()+s.http.Load(), in.Evicted, s.canaries.Load(), s.noise.Load(), s.reads.Load())
}

// watchMemory returns the resident memory of a program, in bytes, once a second
// until ctx ends.
func watchMemory(ctx context.Context, t *testing.T, p *process.Process) []int64 {
	t.Helper()
	var seen []int64
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return seen
		case <-p.Done():
			t.Fatal("the program ended under load")
		case <-tick.C:
			seen = append(seen, resident(t, p.ID()))
		}
	}
}

// resident reads a process's memory from Linux; elsewhere the test is skipped.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("a process's memory cannot be read here: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// checkFlat expects that memory does not grow in the second half, when the store
// is full, and never goes far beyond it.
func checkFlat(t *testing.T, memory []int64) {
	t.Helper()
	half := len(memory) / 2
	if half == 0 {
		t.Fatalf("%d samples of memory are too few", len(memory))
	}
	before, after, peak := median(memory[half:half+(len(memory)-half)/2+1]), median(memory[len(memory)-half/2-1:]), slices.Max(memory)
	t.Logf("resident MiB: %d at half time, %d at the end, %d at most", before>>20, after>>20, peak>>20)
	if most := before + before/4; after > most {
		t.Errorf("memory grew from %d to %d MiB in the second half", before>>20, after>>20)
	}
	// Go's collector lets garbage grow to the size of what is alive.
	if most := int64(2*soakMemory + soakSlack); peak > most {
		t.Errorf("memory reached %d MiB, want %d at most", peak>>20, most>>20)
	}
}

func median(values []int64) int64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// pick returns one of the listeners, by what its name begins with.
func (s *soak) pick(prefixes ...string) string {
	var found []string
	for name, addr := range s.addrs {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			found = append(found, addr)
		}
	}
	return found[rand.IntN(len(found))]
}
