package doctor

import (
	"context"
	"slices"
	"sync"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// sentSpans are the spans of service otdemo-check that a run has sent, so that
// they can be compared with what Jaeger counted. A nil one keeps nothing. Its
// methods may be called from several goroutines.
type sentSpans struct {
	mu    sync.Mutex
	spans []sentRecord
}

// sentRecord is one span that was sent.
type sentRecord struct {
	id trace.TraceID
	// extra says that the span may be lost where others arrive, as a large one
	// is, or that nothing waited for it to leave.
	extra bool
	// shown says that the query API returned it.
	shown bool
}

// add is called before the span is sent.
func (s *sentSpans) add(id trace.TraceID, extra bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, sentRecord{id: id, extra: extra})
}

// all returns a copy of the spans so far.
func (s *sentSpans) all() []sentRecord {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.spans)
}

// lostCanary is what the canary learns when it is lost: what became of the spans
// that were sent until then, and what Jaeger's counters are after them.
type lostCanary struct {
	spans []sentRecord
	after jaegerInside
}

// lookAfterLoss reads Jaeger's counters, and reads back each span of the run,
// before the ways that are tried next send more.
func lookAfterLoss(ctx context.Context, env *Env, client *query.Client) lostCanary {
	// Spans that are sent while the counters are read may be counted or not.
	lost := lostCanary{spans: env.sent.all()}
	before := len(lost.spans)
	if host := neighbourhood(&env.Target); host != "" {
		lost.after = lookInside(ctx, env, host)
	}
	lost.spans = env.sent.all()
	for i := before; i < len(lost.spans); i++ {
		lost.spans[i].extra = true
	}
	ctx, cancel := context.WithTimeout(ctx, neighbourTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range lost.spans {
		wg.Go(func() { lost.spans[i].shown = isThere(ctx, client, lost.spans[i].id) })
	}
	wg.Wait()
	return lost
}
