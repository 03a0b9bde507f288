package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// IsZipkin reports whether an answer has proven that this is a Zipkin. It returns false
// before the first one.
func (c *Client) IsZipkin() bool { return c.zipkin.Load() }

// orZipkin returns the answer of Jaeger's API, or of Zipkin's if that is what exists, and
// Jaeger's error if neither does. Zipkin responds with 404 to Jaeger's paths. Once an
// answer was Zipkin's, nothing else is tried.
func orZipkin[T any](c *Client, fromJaeger, fromZipkin func() (T, error)) (T, error) {
	if c.IsZipkin() {
		return fromZipkin()
	}
	got, err := fromJaeger()
	if status, ok := errors.AsType[*StatusError](err); !ok || status.Status != http.StatusNotFound {
		return got, err
	}
	if other, zipkinErr := fromZipkin(); c.IsZipkin() {
		return other, zipkinErr
	}
	return got, err
}

// readZipkin reads a list, as all answers of Zipkin are, and so knows it for Zipkin's.
func readZipkin[E any](ctx context.Context, c *Client, path string, values url.Values) (list []E, err error) {
	err = c.read(ctx, path, values, (*answer).looksList, func(r io.Reader) error {
		return json.NewDecoder(r).Decode(&list)
	})
	if err != nil {
		return nil, err
	}
	c.zipkin.Store(true)
	return list, nil
}

// zipkinTrace reads one trace over GET /api/v2/trace/{id} (zipkin2-api.yaml). For a
// missing one Zipkin responds with 404 and "{id} not found" as text.
func (c *Client) zipkinTrace(ctx context.Context, id trace.TraceID) (t trace.Trace, err error) {
	resp, err := c.get(ctx, "api/v2/trace/"+id.String(), nil)
	if err != nil {
		return t, err
	}
	defer resp.close()
	text := strings.TrimSpace(resp.Head)
	switch {
	case resp.Status == http.StatusNotFound && strings.HasSuffix(text, id.String()+" not found"):
		c.zipkin.Store(true)
		return t, fmt.Errorf("trace %s at %s: %w", id, c.URL(), ErrNotFound)
	case resp.Status != http.StatusOK, !resp.looksList():
		return t, resp.unexpected("")
	}
	var spans []zipkinSpan
	if err := json.NewDecoder(resp.body).Decode(&spans); err != nil {
		return t, resp.decodeError(err)
	}
	if len(spans) == 0 || spans[0].TraceID.Low != id.Low || spans[0].ID == 0 {
		return t, resp.unexpected("it has no span of the trace")
	}
	c.zipkin.Store(true)
	return zipkinTrace(spans), nil
}

func (c *Client) zipkinServices(ctx context.Context) ([]string, error) {
	names, err := readZipkin[string](ctx, c, "api/v2/services", nil)
	slices.Sort(names)
	return names, err
}

// searchZipkin reads GET /api/v2/traces, whose window is an end and a length in
// milliseconds, and which has the names of services and spans in lower case.
func (c *Client) searchZipkin(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	// Rounded up, so that the window is not too short.
	end := opts.End.Add(time.Millisecond - 1)
	values := url.Values{
		"serviceName": {strings.ToLower(opts.Service)},
		"endTs":       {strconv.FormatInt(end.UnixMilli(), 10)},
		"lookback":    {strconv.FormatInt(end.Sub(opts.Start).Milliseconds()+1, 10)},
		"limit":       {strconv.Itoa(opts.Limit)},
	}
	if opts.Operation != "" {
		values.Set("spanName", strings.ToLower(opts.Operation))
	}
	var terms []string
	for _, key := range slices.Sorted(maps.Keys(opts.Tags)) {
		terms = append(terms, key+"="+opts.Tags[key])
	}
	if len(terms) > 0 {
		values.Set("annotationQuery", strings.Join(terms, " and "))
	}
	found, err := readZipkin[[]zipkinSpan](ctx, c, "api/v2/traces", values)
	var traces []trace.Trace
	for _, spans := range found {
		if len(spans) > 0 {
			traces = append(traces, zipkinTrace(spans))
		}
	}
	return traces, err
}
