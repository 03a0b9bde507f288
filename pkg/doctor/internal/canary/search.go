package canary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/internal/wait"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	codeSearchFinds       probe.Code = "search-finds"
	codeSearchMisses      probe.Code = "search-misses"
	codeSearchFails       probe.Code = "search-fails"
	codeSearchNoService   probe.Code = "search-service-missing"
	codeSearchOutOfWindow probe.Code = "search-out-of-window"
)

const (
	// canaryMargin is added to the span's own time in a search, since the
	// tracer sets the start time and the canary measures it only as exactly as
	// a busy machine allows.
	canaryMargin = time.Second
	// firstSearchPause grows from try to try.
	firstSearchPause = 50 * time.Millisecond
	// listedDelay is how much later than a span its service may be listed:
	// Elasticsearch refreshes each index once a second, and not all at once.
	listedDelay = 2500 * time.Millisecond
	// lookback is that of Jaeger's UI, which ends now by the browser's clock.
	lookback = time.Hour
	// searchLimit is for all the canaries that run at the same moment.
	searchLimit = 100
)

// SearchProbe looks for the canary as people do. They search, and a trace that
// can be read by its id may still not be found.
func SearchProbe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDSearch,
		Hop:       probe.HopQuery,
		Title:     "a search finds a span that arrived",
		Needs:     []string{probe.IDCanary, probe.IDQuery},
		After:     []string{probe.IDClock},
		Unbounded: true,
		Advisory:  true,
		Codes: []probe.Code{
			codeSearchFinds, codeSearchMisses, codeSearchFails, codeSearchNoService, codeSearchOutOfWindow,
		},
		Run: runSearch,
	}
}

func runSearch(ctx context.Context, env *probe.Env) probe.Finding {
	canary, ok := probe.Result[Delivery](env, probe.IDCanary)
	if !ok {
		return probe.NotUsed("no canary arrived to search for")
	}
	client, err := env.NewQuery()
	if err != nil {
		return probe.Unknown(codeSearchFails, "%v", err)
	}
	defer client.Close()
	within, cancel := context.WithTimeout(ctx, LostAfter)
	defer cancel()
	searched := fmt.Sprintf("searched %s for service %s around %s", client.URL(), probe.CheckService, canary.start.UTC().Format(time.RFC3339Nano))
	n, err := searchTrace(within, client, canary)
	switch {
	case err != nil && !errors.Is(err, query.ErrNotFound):
		return searchFails(err).Saw(searched)
	case ctx.Err() != nil:
		return probe.Unfinished(ctx)
	case err != nil:
		return probe.Warn(codeSearchMisses, "trace %s can be read by its id, but a search does not find it", canary.id).
			Saw(searched, "found "+plural.Of(n, "other trace", "other traces")).AtHop(probe.HopStorage).
			Hint("curl -sS '" + client.URL() + "/api/traces?service=" + probe.CheckService + "&lookback=1h'").
			Maybe(causesNotFound()...)
	}
	services, err := listServices(within, client)
	if err == nil && !slices.Contains(services, probe.CheckService) {
		return probe.Warn(codeSearchNoService, "spans of %s are found, but the service is missing from the list of %s", probe.CheckService, plural.Of(len(services), "service", "services")).
			Saw(searched, "services: "+strings.Join(services, ", ")).AtHop(probe.HopStorage).
			Hint("docker restart jaeger (the collector remembers for 12 h that it has stored a service)").
			Perhaps("the index jaeger-service-* was deleted or rolled over", "curl -sS localhost:9200/_cat/indices/*jaeger-service*")
	}
	return inWindow(env, canary).Saw(searched)
}

// searchTrace searches until the canary is there. It returns the number of other
// traces, and query.ErrNotFound when the time was up.
func searchTrace(ctx context.Context, client *query.Client, canary Delivery) (others int, err error) {
	opts := query.SearchOptions{
		Service: probe.CheckService, Operation: probe.IDCanary, Limit: searchLimit,
		Start: canary.start.Add(-canaryMargin), End: canary.start.Add(canaryMargin),
	}
	for pause := firstSearchPause; ; pause *= 2 {
		traces, err := client.Search(ctx, opts)
		switch {
		case err != nil && ctx.Err() != nil:
			return others, query.ErrNotFound
		case err != nil:
			return 0, err
		case slices.ContainsFunc(traces, func(t trace.Trace) bool { return t.ID == canary.id }):
			return len(traces) - 1, nil
		}
		others = len(traces)
		if wait.For(ctx, pause) != nil {
			return others, query.ErrNotFound
		}
	}
}

// listServices polls the services until the canary's is listed, or for
// listedDelay. It returns the last response.
func listServices(ctx context.Context, client *query.Client) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, listedDelay)
	defer cancel()
	last, err := client.Services(ctx)
	for pause := firstSearchPause; err == nil && !slices.Contains(last, probe.CheckService); pause *= 2 {
		if wait.For(ctx, pause) != nil {
			break
		}
		services, err := client.Services(ctx)
		if err != nil {
			break
		}
		last = services
	}
	return last, err
}

func searchFails(err error) probe.Finding {
	f := probe.Warn(codeSearchFails, "spans can be read by id, but a search failed: %v", err).Hint(probe.HintLogs)
	if status, ok := errors.AsType[*query.StatusError](err); ok {
		f.Fact = fmt.Sprintf("spans can be read by id, but a search returned %d", status.Status)
		f = f.Saw(err.Error(), probe.Excerpt([]byte(status.Body)))
	}
	return f.
		Perhaps("Elasticsearch has indices without Jaeger's template (all shards failed; Fielddata is disabled)", "curl -sS localhost:9200/_template/jaeger*").
		Perhaps("a login or a proxy allows only some paths", "")
}

func causesNotFound() []probe.Cause {
	return []probe.Cause{
		{Text: "Jaeger reads from another index prefix or alias than it writes to", Command: "curl -sS localhost:9200/_cat/indices/*jaeger-span*"},
		{Text: "the storage takes longer to index spans than to store them", Command: "otdemo check-jaeger --timeout 60s"},
		{Text: "the search covers another day than the span's: index dates are in another time zone"},
	}
}

// inWindow checks whether the UI's default search would show the span: the
// search ends at the present by a clock that is not this machine's.
func inWindow(env *probe.Env, canary Delivery) probe.Finding {
	skew, ok := probe.Result[clockSkew](env, probe.IDClock)
	switch {
	case ok && skew.least > maxClockSkew:
		return probe.Warn(codeSearchOutOfWindow,
			"spans of this machine are %s in the future on Jaeger's host: the UI searches up to the present and misses them",
			skew.least.Round(time.Second)).AtHop(probe.HopClock).Hint("timedatectl set-ntp true")
	case ok && -skew.most > lookback:
		return probe.Warn(codeSearchOutOfWindow,
			"spans of this machine are already %s old on Jaeger's host: the UI searches the last hour and misses them",
			(-skew.most).Round(time.Second)).AtHop(probe.HopClock).Hint("timedatectl set-ntp true")
	default:
		return probe.OK(codeSearchFinds, "a search for %s finds trace %s", probe.CheckService, canary.id)
	}
}
