package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

const idSearch = "search"

const (
	codeSearchFinds       Code = "search-finds"
	codeSearchMisses      Code = "search-misses"
	codeSearchFails       Code = "search-fails"
	codeSearchNoService   Code = "search-service-missing"
	codeSearchOutOfWindow Code = "search-out-of-window"
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

// searchProbe looks for the canary as people do. They search, and a trace that
// can be read by its id may still not be found.
func searchProbe() Probe {
	return Probe{
		ID:      idSearch,
		Hop:     HopQuery,
		Title:   "a span that arrived is found by search",
		Needs:   []string{idCanary, idQuery},
		After:   []string{idClock},
		Patient: true,
		Aside:   true,
		Codes: []Code{
			codeSearchFinds, codeSearchMisses, codeSearchFails, codeSearchNoService, codeSearchOutOfWindow,
		},
		Run: runSearch,
	}
}

func runSearch(ctx context.Context, env *Env) Finding {
	canary, ok := fact[delivery](env, idCanary)
	if !ok {
		return notUsed("no canary arrived to search for")
	}
	client, err := env.newQuery()
	if err != nil {
		return found(StatusUnknown, codeSearchFails, "%v", err)
	}
	defer client.Close()
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked := fmt.Sprintf("searched %s for service %s around %s", client.URL(), checkService, canary.start.UTC().Format(time.RFC3339Nano))
	n, err := searchTrace(within, client, canary)
	switch {
	case err != nil && !errors.Is(err, query.ErrNotFound):
		return searchFails(err).saw(asked)
	case ctx.Err() != nil:
		return unfinished(ctx)
	case err != nil:
		return found(StatusWarn, codeSearchMisses, "trace %s is read by its id, and a search does not find it", canary.id).
			saw(asked, "found "+plural.Of(n, "other trace", "other traces")).at(HopStorage).
			hint("curl -sS '" + client.URL() + "/api/traces?service=" + checkService + "&lookback=1h'").
			maybe(causesNotFound()...)
	}
	services, err := listServices(within, client)
	if err == nil && !slices.Contains(services, checkService) {
		return found(StatusWarn, codeSearchNoService, "spans of %s are found, and it is not among the %s", checkService, plural.Of(len(services), "service", "services")).
			saw(asked, "services: "+strings.Join(services, ", ")).at(HopStorage).
			hint("docker restart jaeger (the collector remembers for 12 h that it has stored a service)").
			maybe(Cause{Text: "the index jaeger-service-* was deleted or rolled over", Command: "curl -sS localhost:9200/_cat/indices/*jaeger-service*"})
	}
	return inWindow(env, canary).saw(asked)
}

// searchTrace searches until the canary is there. It returns the number of other
// traces, and query.ErrNotFound when the time was up.
func searchTrace(ctx context.Context, client *query.Client, canary delivery) (others int, err error) {
	opts := query.SearchOptions{
		Service: checkService, Operation: idCanary, Limit: sameMoment,
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
		if pauseFor(ctx, pause) != nil {
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
	for pause := firstSearchPause; err == nil && !slices.Contains(last, checkService); pause *= 2 {
		if pauseFor(ctx, pause) != nil {
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

func searchFails(err error) Finding {
	f := found(StatusWarn, codeSearchFails, "spans are read by id, and a search fails: %v", err).hint("docker logs --tail 50 jaeger")
	if status, ok := errors.AsType[*query.StatusError](err); ok {
		f.Fact = fmt.Sprintf("spans are read by id, and a search is answered with %d", status.Status)
		f = f.saw(err.Error(), excerpt([]byte(status.Body)))
	}
	return f.maybe(
		Cause{Text: "Elasticsearch has indices without Jaeger's template (all shards failed; Fielddata is disabled)", Command: "curl -sS localhost:9200/_template/jaeger*"},
		Cause{Text: "a login or a proxy lets only some paths pass"},
	)
}

func causesNotFound() []Cause {
	return []Cause{
		{Text: "another index prefix or alias is read than is written", Command: "curl -sS localhost:9200/_cat/indices/*jaeger-span*"},
		{Text: "the storage indexes more slowly than it stores", Command: "otdemo check-jaeger --timeout 60s"},
		{Text: "the search's window is not the span's day: the index's date is in another time zone"},
	}
}

// inWindow tells whether the UI's default search would show the span: it ends
// now by a clock that is not this machine's.
func inWindow(env *Env, canary delivery) Finding {
	skew, ok := fact[clockSkew](env, idClock)
	switch {
	case ok && skew.least > maxClockSkew:
		return found(StatusWarn, codeSearchOutOfWindow,
			"spans of this machine are %s in the future of Jaeger's host: the UI's search ends now and misses them",
			skew.least.Round(time.Second)).at(HopClock).hint("timedatectl set-ntp true")
	case ok && -skew.most > lookback:
		return found(StatusWarn, codeSearchOutOfWindow,
			"spans of this machine are %s old for Jaeger's host: the UI's search for the last hour misses them",
			(-skew.most).Round(time.Second)).at(HopClock).hint("timedatectl set-ntp true")
	default:
		return found(StatusOK, codeSearchFinds, "a search for %s finds trace %s", checkService, canary.id)
	}
}
