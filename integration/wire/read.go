package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// readPoll is the pause between two reads.
	readPoll = 50 * time.Millisecond
	// settled is how long a trace must stay as it is before it counts as whole.
	// Jaeger 2 shows a span 200 ms after it came.
	settled = 500 * time.Millisecond
)

// ReadTrace reads a trace from the query API at queryURL until it has at least
// the given number of spans and none has come for half a second, so that one sent
// twice is in the trace returned. When ctx ends first, the error says how far the
// trace came.
func ReadTrace(ctx context.Context, queryURL string, id trace.TraceID, spans int) (trace.Trace, error) {
	client := newClient()
	tick := time.NewTicker(readPoll)
	defer tick.Stop()
	var got trace.Trace
	since := time.Now()
	for {
		next, err := readOnce(ctx, client, traceURL(queryURL, id))
		if err != nil && ctx.Err() == nil {
			return trace.Trace{}, err
		}
		if len(next.Spans) > len(got.Spans) {
			got, since = next, time.Now()
		}
		if len(got.Spans) >= spans && time.Since(since) > settled {
			return got, nil
		}
		select {
		case <-ctx.Done():
			return got, fmt.Errorf("trace %s has %d spans, want %d: %w", id, len(got.Spans), spans, ctx.Err())
		case <-tick.C:
		}
	}
}

// readOnce returns a trace without spans while Jaeger has none of it.
func readOnce(ctx context.Context, client *http.Client, url string) (trace.Trace, error) {
	status, body, err := get(ctx, client, url)
	if err != nil || status == http.StatusNotFound {
		return trace.Trace{}, err
	}
	traces, refusals, err := trace.DecodeTraces(bytes.NewReader(body))
	if err != nil {
		return trace.Trace{}, fmt.Errorf("read trace from %s: %w", url, err)
	}
	if status != http.StatusOK || len(refusals) > 0 || len(traces) != 1 {
		return trace.Trace{}, fmt.Errorf("read trace from %s: status %d, %d traces, errors %v",
			url, status, len(traces), refusals)
	}
	return traces[0], nil
}

// ReadJSON reads what the query API returns for a trace, as it stands.
func ReadJSON(ctx context.Context, queryURL string, id trace.TraceID) ([]byte, error) {
	url := traceURL(queryURL, id)
	status, body, err := get(ctx, newClient(), url)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("read trace from %s: status %d: %s", url, status, body)
	}
	return body, err
}

func traceURL(queryURL string, id trace.TraceID) string {
	return queryURL + "/api/traces/" + id.String()
}

func get(ctx context.Context, client *http.Client, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("read trace: %w", err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return 0, nil, fmt.Errorf("read trace from %s: %w", url, err)
	}
	return resp.StatusCode, body, nil
}
