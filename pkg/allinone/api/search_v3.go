package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/store"
)

// errTimesRequired is Jaeger's text.
var errTimesRequired = errors.New("query.start_time_min and query.start_time_max are required")

// searchV3 is a parsed search of API v3.
type searchV3 struct {
	query store.Query
	raw   bool
}

// malformed words an error as API v3 does.
func malformed(name string, err error) error {
	return fmt.Errorf("malformed parameter %s: %w", name, err)
}

// firstOf returns the first of the parameters that is there, and its name.
func firstOf(values url.Values, names ...string) (text, name string) {
	for _, name := range names {
		if text := values.Get(name); text != "" {
			return text, name
		}
	}
	return "", names[0]
}

// parseSearchV3 reads the parameters in both spellings: query.service_name, which
// Jaeger has had since 1.35, and query.serviceName of its latest releases.
func parseSearchV3(values url.Values) (searchV3, error) {
	var out searchV3
	q := &out.query
	q.Service, _ = firstOf(values, "query.service_name", "query.serviceName")
	q.Operation, _ = firstOf(values, "query.operation_name", "query.operationName", "query.span_name")
	var err error
	if q.Start, err = parseTimeV3(values, "query.start_time_min", "query.startTimeMin"); err != nil {
		return searchV3{}, err
	}
	if q.End, err = parseTimeV3(values, "query.start_time_max", "query.startTimeMax"); err != nil {
		return searchV3{}, err
	}
	if q.Limit, err = parseLimitV3(values); err != nil {
		return searchV3{}, err
	}
	if q.MinDuration, err = parseDurationV3(values, "query.duration_min", "query.durationMin"); err != nil {
		return searchV3{}, err
	}
	if q.MaxDuration, err = parseDurationV3(values, "query.duration_max", "query.durationMax"); err != nil {
		return searchV3{}, err
	}
	if text := values.Get("query.attributes"); text != "" {
		if err := json.Unmarshal([]byte(text), &q.Tags); err != nil {
			return searchV3{}, malformed("query.attributes", err)
		}
	}
	if text, name := firstOf(values, "query.raw_traces", "query.rawTraces"); text != "" {
		if out.raw, err = strconv.ParseBool(text); err != nil {
			return searchV3{}, malformed(name, err)
		}
	}
	return out, nil
}

func parseTimeV3(values url.Values, names ...string) (time.Time, error) {
	text, name := firstOf(values, names...)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, malformed(name, err)
	}
	return t, nil
}

func parseDurationV3(values url.Values, names ...string) (time.Duration, error) {
	text, name := firstOf(values, names...)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, malformed(name, err)
	}
	return d, nil
}

func parseLimitV3(values url.Values) (int, error) {
	text, name := firstOf(values, "query.num_traces", "query.search_depth", "query.searchDepth")
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, malformed(name, err)
	}
	return clampLimit(n), nil
}
