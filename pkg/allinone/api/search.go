package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	defaultLimit = 100 // Jaeger's
	// maxLimit bounds an answer; Jaeger's UI asks for 1500 at most.
	maxLimit = 10_000
)

// The texts are Jaeger's (cmd/query/app/query_parser.go in 1.62).
var (
	errServiceRequired = errors.New("parameter 'service' is required")
	errDurations       = errors.New("'maxDuration' should be greater than 'minDuration'")
)

// search is a parsed request for /api/traces: ids if any are listed, else query.
type search struct {
	ids   []trace.TraceID
	query store.Query
}

// parseSearch reads the parameters as Jaeger does. Unlike there, no start and no
// end mean any time at all: a clock that is ahead must not hide spans. lookback
// only tells the UI what it was asked.
func parseSearch(values url.Values) (search, error) {
	out := search{query: store.Query{
		Service:   values.Get("service"),
		Operation: values.Get("operation"),
	}}
	q := &out.query
	var err error
	if q.Start, err = parseTime(values, "start"); err != nil {
		return search{}, err
	}
	if q.End, err = parseTime(values, "end"); err != nil {
		return search{}, err
	}
	if q.Tags, err = parseTags(values["tag"], values["tags"]); err != nil {
		return search{}, err
	}
	if q.Limit, err = parseLimit(values.Get("limit")); err != nil {
		return search{}, err
	}
	if q.MinDuration, err = parseDuration(values, "minDuration"); err != nil {
		return search{}, err
	}
	if q.MaxDuration, err = parseDuration(values, "maxDuration"); err != nil {
		return search{}, err
	}
	if out.ids, err = parseIDs(values["traceID"]); err != nil {
		return search{}, err
	}
	switch {
	case len(out.ids) == 0 && q.Service == "":
		return search{}, errServiceRequired
	case q.MinDuration != 0 && q.MaxDuration != 0 && q.MaxDuration < q.MinDuration:
		return search{}, errDurations
	}
	return out, nil
}

// parseIDs reads trace ids, each of which is answered once.
func parseIDs(texts []string) ([]trace.TraceID, error) {
	var ids []trace.TraceID
	listed := make(map[trace.TraceID]bool)
	for _, text := range texts {
		id, err := trace.ParseTraceID(text)
		if err != nil {
			return nil, fmt.Errorf("cannot parse traceID param: %w", err)
		}
		if !listed[id] {
			listed[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// parseTime reads microseconds since 1970.
func parseTime(values url.Values, name string) (time.Time, error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, paramError(name, err)
	}
	return time.UnixMicro(n), nil
}

// parseDuration reads a duration with its unit, such as 1.5ms.
func parseDuration(values url.Values, name string) (time.Duration, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, paramError(name, err)
	}
	return d, nil
}

func paramError(name string, err error) error {
	return fmt.Errorf("unable to parse param '%s': %w", name, err)
}

// parseLimit takes 0 and less for as many as an answer may have.
func parseLimit(text string) (int, error) {
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, err //nolint:wrapcheck // Jaeger's answer is this very text
	}
	return clampLimit(int(n)), nil
}

func clampLimit(n int) int {
	if n <= 0 || n > maxLimit {
		return maxLimit
	}
	return n
}

// parseTags reads key:value pairs and JSON objects; the latter win.
func parseTags(pairs, objects []string) (map[string]string, error) {
	tags := make(map[string]string)
	for _, pair := range pairs {
		key, value, found := strings.Cut(pair, ":")
		if !found {
			return nil, fmt.Errorf("malformed 'tag' parameter, expecting key:value, received: %s", pair)
		}
		tags[key] = value
	}
	for _, object := range objects {
		if err := json.Unmarshal([]byte(object), &tags); err != nil {
			return nil, fmt.Errorf("malformed 'tags' parameter, cannot unmarshal JSON: %w", err)
		}
	}
	return tags, nil
}
