package canary

import (
	"context"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/query"
)

// LostCanary is the published result of a lost canary: which of the spans sent
// so far were read back, and Jaeger's counters after them.
type LostCanary struct {
	Spans []probe.SentRecord
	After storage.AdminInfo
}

// readBackAfterLoss reads Jaeger's counters, and reads back each span of the
// run, before the probes of other paths send more.
func readBackAfterLoss(ctx context.Context, env *probe.Env, client *query.Client) LostCanary {
	// Spans that are sent while the counters are read may be counted or not.
	lost := LostCanary{Spans: env.Sent.All()}
	before := len(lost.Spans)
	if host := identity.AdminHost(&env.Target); host != "" {
		lost.After = storage.ReadAdmin(ctx, env, host)
	}
	lost.Spans = env.Sent.All()
	for i := before; i < len(lost.Spans); i++ {
		lost.Spans[i].Extra = true
	}
	ctx, cancel := context.WithTimeout(ctx, probe.AdminTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range lost.Spans {
		wg.Go(func() { lost.Spans[i].Shown = exists(ctx, client, lost.Spans[i].ID) })
	}
	wg.Wait()
	return lost
}
