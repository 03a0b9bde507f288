package through

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otdemo/otdemo/internal/wait"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/settings"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// notReportedAfter is the least wait after which an application has not
	// reported: jaeger-client-go flushes once a second, Jaeger 2 batches for
	// 200 ms, Elasticsearch refreshes once a second.
	notReportedAfter = 4 * time.Second
	// settleTime is the wait for the rest once something is there: the next
	// flush of this application, and of those that it called.
	settleTime = 1500 * time.Millisecond
	// Jaeger stores the polls of its API, so they are sparse.
	firstPoll = 50 * time.Millisecond
	maxPoll   = 400 * time.Millisecond
	// maxServices bounds the services that are searched.
	maxServices = 20
	searchLimit = 200
	// maxReads bounds the traces of a service that are read one by one.
	maxReads = 50
)

// waitObservations polls until the application's spans are there and had time to be
// complete. The error is the query API's, or the context's when that ended before
// an absence meant anything.
func (v *session) waitObservations(ctx context.Context, env *probe.Env) (*observations, error) {
	client, err := env.NewQuery()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	seen := &observations{session: v}
	pause := firstPoll
	for time.Since(v.end) < notReportedAfter {
		if err := wait.For(ctx, pause); err != nil {
			return nil, err
		}
		pause = min(2*pause, maxPoll)
		joined, err := readCalls(ctx, client, v.joins, whole)
		if err != nil {
			return nil, err
		}
		if len(joined) > 0 {
			seen.first = time.Since(v.end)
			if err := wait.For(ctx, settleTime); err != nil {
				return nil, err
			}
			break
		}
	}
	return seen, seen.readAll(ctx, env, client)
}

func (s *observations) readAll(ctx context.Context, env *probe.Env, client *query.Client) error {
	var err error
	if s.joined, err = readCalls(ctx, client, s.joins, whole); err != nil {
		return err
	}
	if s.cut, err = readCalls(ctx, client, s.joins, lower64); err != nil {
		return err
	}
	unsampled, err := readCalls(ctx, client, []*appCall{s.unsampled}, whole)
	if err != nil {
		return err
	}
	s.keptUnsampled = len(unsampled) > 0
	s.unsearched = s.searchAll(ctx, env, client)
	return ctx.Err()
}

func whole(id trace.TraceID) trace.TraceID { return id }

func lower64(id trace.TraceID) trace.TraceID { return trace.TraceID{Low: id.Low} }

// readCalls returns the traces that exist under the calls' ids, by their name.
func readCalls(
	ctx context.Context, client *query.Client, calls []*appCall, id func(trace.TraceID) trace.TraceID,
) (map[string]trace.Trace, error) {
	got := make(map[string]trace.Trace)
	for _, c := range calls {
		t, err := client.Trace(ctx, id(c.caller.trace))
		switch {
		case err == nil:
			got[c.name] = t
		case !errors.Is(err, query.ErrNotFound):
			return nil, err
		}
	}
	return got, nil
}

// searchAll looks for the traces that the application and those behind it began
// themselves. Search has other paths in younger Jaegers and other limits, so its
// error is only noted.
func (s *observations) searchAll(ctx context.Context, env *probe.Env, client *query.Client) error {
	s.found = make(map[string][]trace.Trace)
	all, err := client.Services(ctx)
	if err != nil {
		return err
	}
	// The application's own name is the one not to miss.
	entry := s.entryServices()
	var services, others []string
	for _, name := range all {
		switch {
		case settings.IsCheckOrJaeger(name):
		case slices.Contains(entry, name), name == env.ServiceName():
			services = append(services, name)
		default:
			others = append(others, name)
		}
	}
	services = append(services, others...)
	if len(services) > maxServices {
		if len(entry) == 0 {
			err = fmt.Errorf("only %d of %d services were searched", maxServices, len(services))
		}
		services = services[:maxServices]
	}
	opts := query.SearchOptions{Limit: searchLimit}
	opts.Start, opts.End = s.activeWindow()
	for _, opts.Service = range services {
		traces, err := client.Search(ctx, opts)
		if err == nil {
			traces, err = withTags(ctx, client, traces)
		}
		if err != nil {
			return err
		}
		s.found[opts.Service] = traces
	}
	for _, root := range s.roots() {
		if s.isDebug(&root) {
			s.debugRoot = root
		}
	}
	return err
}

// withTags reads those traces again that came without tags, as from
// /api/v3/traces: without them the trace of the debug header is like any other.
func withTags(ctx context.Context, client *query.Client, traces []trace.Trace) ([]trace.Trace, error) {
	reads := 0
	for i := range traces {
		if slices.ContainsFunc(traces[i].Spans, func(s trace.Span) bool { return len(s.Tags) > 0 }) {
			continue
		}
		if reads++; reads > maxReads {
			return nil, fmt.Errorf("more than %d traces were found without tags", maxReads)
		}
		t, err := client.Trace(ctx, traces[i].ID)
		if err != nil {
			return nil, err
		}
		traces[i] = t
	}
	return traces, nil
}
