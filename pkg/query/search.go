package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// defaultSearchLimit is Jaeger's own (defaultQueryLimit in 1.62).
	defaultSearchLimit = 100
	// defaultLookback is Jaeger's for a search without a start.
	defaultLookback = 48 * time.Hour
)

// SearchOptions say which traces Search is to find.
type SearchOptions struct {
	// Service is required; Jaeger searches by service only.
	Service string
	// Operation is that of a span of Service; empty means any.
	Operation string
	// Tags must stand on that same span, on its process or its logs, with values
	// compared as text.
	Tags map[string]string
	// Start and End bound when a span of Service starts, to the microsecond and
	// by the clock of who made the span. A zero End means now, a zero Start two
	// days before the end.
	Start, End time.Time
	// Limit bounds the number of traces; 0 means 100. Which ones are left out is up
	// to the backend.
	Limit int
	// Outline asks for no more of each trace than trace.DecodeOutlines reads, in a
	// fraction of the time.
	Outline bool
}

func (o SearchOptions) withDefaults() SearchOptions {
	if o.End.IsZero() {
		o.End = time.Now()
	}
	if o.Start.IsZero() {
		o.Start = o.End.Add(-defaultLookback)
	}
	if o.Limit == 0 {
		o.Limit = defaultSearchLimit
	}
	return o
}

// Search returns the traces that fit opts, which may be none, as Jaeger's UI
// finds them. It asks /api/traces, and where that does not exist, as in Jaegers
// after 2.20, /api/v3/traces, whose spans come without logs, flags and tags but for the
// kind. Where neither exists it asks Zipkin's /api/v2/traces.
func (c *Client) Search(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	if opts.Service == "" {
		return nil, errors.New("search: no service is named")
	}
	opts = opts.withDefaults()
	ask := func() ([]trace.Trace, error) { return c.searchZipkin(ctx, opts) }
	if c.IsZipkin() {
		return ask()
	}
	traces, err := c.searchV1(ctx, opts)
	if err == nil || !IsMissingPath(err) {
		return traces, err
	}
	if strange, ok := errors.AsType[*NotJSONError](err); ok && strange.Reason != "" {
		// The path exists, and what it says is the answer.
		return nil, err
	}
	traces, err = c.searchV3(ctx, opts)
	return otherwise(c, traces, err, ask)
}

func (c *Client) searchV1(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	values := url.Values{
		"service": {opts.Service},
		"start":   {strconv.FormatInt(opts.Start.UnixMicro(), 10)},
		"end":     {strconv.FormatInt(opts.End.UnixMicro(), 10)},
		"limit":   {strconv.Itoa(opts.Limit)},
	}
	if opts.Operation != "" {
		values.Set("operation", opts.Operation)
	}
	if err := setTags(values, "tags", opts.Tags); err != nil {
		return nil, err
	}
	decode := trace.DecodeTraces
	if opts.Outline {
		decode = decodeOutlines
	}
	return c.traces(ctx, values, decode)
}

// setTags puts tags into values as a JSON object, which both APIs take.
func setTags(values url.Values, name string, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	text, err := json.Marshal(tags)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	values.Set(name, string(text))
	return nil
}

func (c *Client) searchV3(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	values := url.Values{
		"query.service_name":   {opts.Service},
		"query.start_time_min": {opts.Start.UTC().Format(time.RFC3339Nano)},
		"query.start_time_max": {opts.End.UTC().Format(time.RFC3339Nano)},
		"query.num_traces":     {strconv.Itoa(opts.Limit)},
	}
	if opts.Operation != "" {
		values.Set("query.operation_name", opts.Operation)
	}
	if err := setTags(values, "query.attributes", opts.Tags); err != nil {
		return nil, err
	}
	u := c.base.JoinPath("api", "v3", "traces")
	u.RawQuery = values.Encode()
	resp, err := c.get(ctx, u)
	if err != nil {
		return nil, err
	}
	defer resp.close()
	switch {
	case resp.Status == http.StatusNotFound && resp.looksJSON():
		// "No traces found"; a path that does not exist is not answered in JSON.
		return nil, nil
	case resp.Status != http.StatusOK, !resp.looksJSON():
		return nil, resp.unexpected("")
	}
	traces, err := decodeV3(resp.body)
	if err != nil {
		return nil, resp.decodeError(err)
	}
	return traces, nil
}
