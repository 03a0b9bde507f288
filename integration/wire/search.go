package wire

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// SearchTraces searches the query API at queryURL for all traces of a service,
// until enough accepts what it found. When ctx ends first, what was found
// last comes with the error.
func SearchTraces(
	ctx context.Context, queryURL, service string, enough func([]trace.Trace) bool,
) ([]trace.Trace, error) {
	client := newClient()
	search := queryURL + "/api/traces?limit=1500&service=" + url.QueryEscape(service)
	tick := time.NewTicker(readPoll)
	defer tick.Stop()
	for {
		found, err := searchOnce(ctx, client, search)
		if err != nil {
			return nil, err
		}
		if enough(found) {
			return found, nil
		}
		select {
		case <-ctx.Done():
			return found, fmt.Errorf("search %s: %d traces, not what is waited for: %w", search, len(found), ctx.Err())
		case <-tick.C:
		}
	}
}

func searchOnce(ctx context.Context, client *http.Client, url string) ([]trace.Trace, error) {
	status, body, err := get(ctx, client, url)
	if err != nil {
		return nil, err
	}
	traces, refusals, err := trace.DecodeTraces(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("read traces from %s: %w", url, err)
	}
	if status != http.StatusOK || len(refusals) > 0 {
		return nil, fmt.Errorf("read traces from %s: status %d, errors %v", url, status, refusals)
	}
	return traces, nil
}
