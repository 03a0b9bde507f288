package ledger

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/otdemo/otdemo/internal/wait"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// searchLimit bounds the traces of one response, which is all that reading back
	// has in memory at a time, here and at the backend: 1 MB of usual traces.
	searchLimit = 300
	// chunkSize is how many of the run's traces one search should return. It is below
	// the limit, because a response that reaches the limit may lack some.
	chunkSize = searchLimit * 3 / 4
	// readers is the number of concurrent requests: the backend prepares one response
	// while another is decoded here.
	readers = 2
	// margin is how far outside of the run a span may start, by its own clock.
	margin = time.Minute
)

// ServiceGrace is the wait for the first span of a called service, if none was found.
// OpenTelemetry's SDKs export a batch every 5 s by default (OTEL_BSP_SCHEDULE_DELAY); 2 s
// more are for the network, the backend's batches, and Elasticsearch's refresh interval of
// a second.
const ServiceGrace = 7 * time.Second

// Pauses between two rounds. Storage may return a span only after a second, and
// Jaeger traces the requests to its API into that same storage.
const (
	firstPause  = 50 * time.Millisecond
	pauseFactor = 1.5
	maxPause    = 2 * time.Second
)

type reader struct {
	query    *query.Client
	search   query.SearchOptions // without the times
	patience time.Duration
	// entries are sorted by id; order has their indices, sorted by start.
	entries []entry
	order   []int32
	// lostClient is how many of the client's spans cannot arrive any more.
	lostClient int64
	// answered: at least one request was answered, so a traced service made a span.
	answered bool

	mu sync.Mutex // guards what is below, and the entries while a round runs
	// traced: the service is known to make spans.
	traced     bool
	identifier *identifier
	spans      int64 // found so far
	costs      costs
}

// newReader returns a reader for a single run. It owns the entries.
func newReader(entries []entry, identifier *identifier) *reader {
	slices.SortFunc(entries, func(a, b entry) int { return compareIDs(a.id, b.id) })
	order := make([]int32, len(entries))
	answered := false
	for i := range order {
		order[i] = int32(i)
		answered = answered || entries[i].answered > 0
	}
	slices.SortFunc(order, func(a, b int32) int { return int(entries[a].start - entries[b].start) })
	return &reader{entries: entries, order: order, identifier: identifier, answered: answered}
}

// run reads until every trace is complete, or nothing new has arrived for as long as
// patience allows, or ctx ends. The error is that of the last round.
func (r *reader) run(ctx context.Context) error {
	begun := time.Now()
	progress, pause := begun, firstPause
	for {
		before := r.spans
		err := r.round(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && r.done(time.Since(begun)):
			return nil
		case r.spans > before:
			progress, pause = time.Now(), firstPause
		case time.Since(progress) >= r.patience:
			return err
		}
		if err := wait.For(ctx, pause); err != nil {
			return err
		}
		pause = min(time.Duration(float64(pause)*pauseFactor), maxPause)
	}
}

func (r *reader) done(after time.Duration) bool {
	var client, server int64
	for i := range r.entries {
		c, s := r.entries[i].missing(r.traced)
		client += c
		server += s
	}
	return r.settled(after) && server == 0 && client <= r.lostClient
}

// settled reports whether reading need not wait any longer for the first span of the
// called service.
func (r *reader) settled(after time.Duration) bool {
	return r.traced || !r.answered || after >= min(ServiceGrace, r.patience)
}

// round requests every incomplete trace once, and stops at the first error.
func (r *reader) round(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	chunks := make(chan int)
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for at := range chunks {
				if err := r.chunk(ctx, at); err != nil {
					cancel(err)
				}
			}
		})
	}
	for at := 0; at < len(r.order) && ctx.Err() == nil; at += chunkSize {
		select {
		case chunks <- at:
		case <-ctx.Done():
		}
	}
	close(chunks)
	wg.Wait()
	return context.Cause(ctx)
}

// chunk requests the incomplete traces of a chunk that begins at order[at].
func (r *reader) chunk(ctx context.Context, at int) error {
	end := min(at+chunkSize, len(r.order))
	size := end - at
	pending, byID := r.pending(at, end)
	if len(pending) == 0 {
		return nil
	}
	if byID || len(pending)*4 <= size {
		return r.byID(ctx, pending)
	}
	from, to := r.entries[r.order[at]].start, r.entries[r.order[end-1]].start
	if at == 0 {
		from -= margin.Microseconds()
	}
	if end == len(r.order) {
		to += margin.Microseconds()
	} else {
		to = r.entries[r.order[end]].start - 1
	}
	begun := time.Now()
	whole, err := r.bySearch(ctx, from, max(from, to))
	r.recordCost(&r.costs.search, time.Since(begun), len(pending))
	if err != nil {
		return err
	}
	// A trace whose tagged span was lost can only be found by its id.
	still, _ := r.pending(at, end)
	if whole && len(still) < len(pending) {
		return nil
	}
	return r.byID(ctx, still)
}

// pending returns the incomplete traces at order[at:end], and whether requests by id
// are cheaper. Until a span of the service was found, only the first and the last
// chunk wait for one.
func (r *reader) pending(at, end int) (ids []trace.TraceID, byID bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	expected := r.traced || at == 0 || end == len(r.order)
	for _, i := range r.order[at:end] {
		if e := &r.entries[i]; !e.complete(expected) {
			ids = append(ids, e.id)
		}
	}
	return ids, r.costs.preferIDs()
}

// bySearch reads the traces whose first span started between two times in
// microseconds, both included. whole is false when more of them started in one
// microsecond than a response may have.
func (r *reader) bySearch(ctx context.Context, from, to int64) (whole bool, err error) {
	opts := r.search
	opts.Start, opts.End = time.UnixMicro(from), time.UnixMicro(to)
	found, err := r.query.Search(ctx, opts)
	if err != nil {
		return false, err
	}
	r.record(found)
	switch {
	case len(found) < opts.Limit:
		return true, nil
	case from == to:
		return false, nil
	}
	middle := from + (to-from)/2
	first, err := r.bySearch(ctx, from, middle)
	if err != nil {
		return false, err
	}
	second, err := r.bySearch(ctx, middle+1, to)
	return first && second, err
}

func (r *reader) byID(ctx context.Context, ids []trace.TraceID) error {
	begun := time.Now()
	found, err := r.query.Outlines(ctx, ids)
	r.record(found)
	r.recordCost(&r.costs.byID, time.Since(begun), len(ids))
	return err
}

// record counts what was read. A span that was read once counts, even if the backend
// evicts it later.
func (r *reader) record(found []trace.Trace) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range found {
		e := find(r.entries, found[i].ID)
		if e == nil {
			continue // not of this run, or not sampled
		}
		now := r.identifier.observe(&found[i])
		// A span of a service further down has one of the called service above it.
		r.traced = r.traced || now.server > 0 || now.others > 0
		if now.spans() >= e.spans() {
			r.spans += now.spans() - e.spans()
			e.observed = now
		}
	}
}

func (r *reader) recordCost(p *cost, took time.Duration, traces int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.took += took
	p.traces += traces
}

// costs compares the two ways to read. A search is fast where spans are indexed, as in
// Elasticsearch, and slow where it scans all of them, as in Jaeger's memory.
type costs struct{ search, byID cost }

type cost struct {
	took   time.Duration
	traces int
}

// preferIDs reports whether to read by id: each way is tried once, then the cheaper one
// is used.
func (p *costs) preferIDs() bool {
	if p.search.traces == 0 || p.byID.traces == 0 {
		return p.search.traces > 0
	}
	return p.byID.took*time.Duration(p.search.traces) < p.search.took*time.Duration(p.byID.traces)
}
