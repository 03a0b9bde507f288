package canary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	// canaryMargin is what the search allows beside the span's own time, since
	// the tracer takes it and the canary knows it only as well as a busy machine
	// lets it.
	canaryMargin = time.Second
	// firstSearchPause grows from try to try.
	firstSearchPause = 50 * time.Millisecond
	// listedDelay is how much later than a span its service may be listed:
	// Elasticsearch refreshes each index once a second, and not all at once.
	listedDelay = 2500 * time.Millisecond
	// lookback is that of Jaeger's UI, which ends now by the browser's clock.
	lookback = time.Hour
	// sameMoment is for all the canaries that run at the same moment.
	sameMoment = 100
)

// SearchProbe looks for the canary as people do. They search, and a trace that
// can be read by its id may still not be found.
func SearchProbe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDSearch,
		Hop:       probe.HopQuery,
		Title:     "a span that arrived is found by search",
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
		return probe.Found(probe.StatusUnknown, codeSearchFails, "%v", err)
	}
	defer client.Close()
	within, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	asked := fmt.Sprintf("searched %s for service %s around %s", client.URL(), probe.CheckService, canary.start.UTC().Format(time.RFC3339Nano))
	n, err := searchTrace(within, client, canary)
	switch {
	case err != nil && !errors.Is(err, query.ErrNotFound):
		return searchFails(err).Saw(asked)
	case ctx.Err() != nil:
		return probe.Unfinished(ctx)
	case err != nil:
		return probe.Found(probe.StatusWarn, codeSearchMisses, "trace %s is read by its id, and a search does not find it", canary.id).
			Saw(asked, "found "+plural.Of(n, "other trace", "other traces")).AtHop(probe.HopStorage).
			Hint("curl -sS '" + client.URL() + "/api/traces?service=" + probe.CheckService + "&lookback=1h'").
			Maybe(causesNotFound()...)
	}
	services, err := listServices(within, client)
	if err == nil && !slices.Contains(services, probe.CheckService) {
		return probe.Found(probe.StatusWarn, codeSearchNoService, "spans of %s are found, and it is not among the %s", probe.CheckService, plural.Of(len(services), "service", "services")).
			Saw(asked, "services: "+strings.Join(services, ", ")).AtHop(probe.HopStorage).
			Hint("docker restart jaeger (the collector remembers for 12 h that it has stored a service)").
			Maybe(probe.Cause{Text: "the index jaeger-service-* was deleted or rolled over", Command: "curl -sS localhost:9200/_cat/indices/*jaeger-service*"})
	}
	return inWindow(env, canary).Saw(asked)
}

// searchTrace searches until the canary is there. It returns the number of other
// traces, and query.ErrNotFound when the time was up.
func searchTrace(ctx context.Context, client *query.Client, canary Delivery) (others int, err error) {
	opts := query.SearchOptions{
		Service: probe.CheckService, Operation: probe.IDCanary, Limit: sameMoment,
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
		if probe.PauseFor(ctx, pause) != nil {
			return others, query.ErrNotFound
		}
	}
}

// listServices asks for the services until the canary's is listed, for as long as
// that may take. It returns the last answer that it had.
func listServices(ctx context.Context, client *query.Client) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, listedDelay)
	defer cancel()
	last, err := client.Services(ctx)
	for pause := firstSearchPause; err == nil && !slices.Contains(last, probe.CheckService); pause *= 2 {
		if probe.PauseFor(ctx, pause) != nil {
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
	f := probe.Found(probe.StatusWarn, codeSearchFails, "spans are read by id, and a search fails: %v", err).Hint("docker logs --tail 50 jaeger")
	if status, ok := errors.AsType[*query.StatusError](err); ok {
		f.Fact = fmt.Sprintf("spans are read by id, and a search is answered with %d", status.Status)
		f = f.Saw(err.Error(), probe.Excerpt([]byte(status.Body)))
	}
	return f.Maybe(
		probe.Cause{Text: "Elasticsearch has indices without Jaeger's template (all shards failed; Fielddata is disabled)", Command: "curl -sS localhost:9200/_template/jaeger*"},
		probe.Cause{Text: "a login or a proxy lets only some paths pass"},
	)
}

func causesNotFound() []probe.Cause {
	return []probe.Cause{
		{Text: "another index prefix or alias is read than is written", Command: "curl -sS localhost:9200/_cat/indices/*jaeger-span*"},
		{Text: "the storage indexes more slowly than it stores", Command: "otdemo check-jaeger --timeout 60s"},
		{Text: "the search's window is not the span's day: the index's date is in another time zone"},
	}
}

// inWindow tells whether the UI's default search would show the span: it ends
// now by a clock that is not this machine's.
func inWindow(env *probe.Env, canary Delivery) probe.Finding {
	skew, ok := probe.Result[clockSkew](env, probe.IDClock)
	switch {
	case ok && skew.least > maxClockSkew:
		return probe.Found(probe.StatusWarn, codeSearchOutOfWindow,
			"spans of this machine are %s in the future of Jaeger's host: the UI's search ends now and misses them",
			skew.least.Round(time.Second)).AtHop(probe.HopClock).Hint("timedatectl set-ntp true")
	case ok && -skew.most > lookback:
		return probe.Found(probe.StatusWarn, codeSearchOutOfWindow,
			"spans of this machine are %s old for Jaeger's host: the UI's search for the last hour misses them",
			(-skew.most).Round(time.Second)).AtHop(probe.HopClock).Hint("timedatectl set-ntp true")
	default:
		return probe.Found(probe.StatusOK, codeSearchFinds, "a search for %s finds trace %s", probe.CheckService, canary.id)
	}
}
