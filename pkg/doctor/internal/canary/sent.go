package canary

import (
	"context"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/query"
)

// LostCanary is what the canary learns when it is lost: what became of the spans
// that were sent until then, and what Jaeger's counters are after them.
type LostCanary struct {
	Spans []probe.SentRecord
	After storage.JaegerInside
}

// lookAfterLoss reads Jaeger's counters, and reads back each span of the run,
// before the ways that are tried next send more.
func lookAfterLoss(ctx context.Context, env *probe.Env, client *query.Client) LostCanary {
	// Spans that are sent while the counters are read may be counted or not.
	lost := LostCanary{Spans: env.Sent.All()}
	before := len(lost.Spans)
	if host := identity.Neighbourhood(&env.Target); host != "" {
		lost.After = storage.LookInside(ctx, env, host)
	}
	lost.Spans = env.Sent.All()
	for i := before; i < len(lost.Spans); i++ {
		lost.Spans[i].Extra = true
	}
	ctx, cancel := context.WithTimeout(ctx, probe.NeighbourTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range lost.Spans {
		wg.Go(func() { lost.Spans[i].Shown = isThere(ctx, client, lost.Spans[i].ID) })
	}
	wg.Wait()
	return lost
}
