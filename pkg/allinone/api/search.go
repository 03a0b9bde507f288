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

// The texts are Jaeger's.
var (
	errServiceRequired = errors.New("parameter 'service' is required")
	errDurations       = errors.New("'maxDuration' should be greater than 'minDuration'")
	errTimesRequired   = errors.New("query.start_time_min and query.start_time_max are required")
)

// parseSearch reads the parameters of /api/traces as Jaeger does: ids if any are listed,
// else a query. Unlike there, no start and no end mean any time at all: a clock that is
// ahead must not hide spans. lookback only tells the UI what it was asked.
func parseSearch(values url.Values) (store.Query, []trace.TraceID, error) {
	p := v1Params(values)
	q := store.Query{
		Service:     values.Get("service"),
		Operation:   values.Get("operation"),
		Start:       parsed(p, microseconds, "start"),
		End:         parsed(p, microseconds, "end"),
		Tags:        p.tags(),
		Limit:       p.limit(parseInt32, "limit"),
		MinDuration: parsed(p, time.ParseDuration, "minDuration"),
		MaxDuration: parsed(p, time.ParseDuration, "maxDuration"),
	}
	ids := p.traceIDs()
	switch {
	case len(ids) == 0 && q.Service == "":
		p.fail(errServiceRequired)
	case q.MinDuration != 0 && q.MaxDuration != 0 && q.MaxDuration < q.MinDuration:
		p.fail(errDurations)
	}
	return q, ids, p.err
}

// traceIDs reads ids, each of which is answered once.
func (p *params) traceIDs() []trace.TraceID {
	var ids []trace.TraceID
	listed := make(map[trace.TraceID]bool)
	for _, text := range p.values["traceID"] {
		id, err := trace.ParseTraceID(text)
		if err != nil {
			p.fail(fmt.Errorf("cannot parse traceID param: %w", err))
		}
		if !listed[id] {
			listed[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// tags reads key:value pairs and JSON objects; the latter win.
func (p *params) tags() map[string]string {
	tags := make(map[string]string)
	for _, pair := range p.values["tag"] {
		key, value, found := strings.Cut(pair, ":")
		if !found {
			p.fail(fmt.Errorf("malformed 'tag' parameter, expecting key:value, received: %s", pair))
		}
		tags[key] = value
	}
	for _, object := range p.values["tags"] {
		if err := json.Unmarshal([]byte(object), &tags); err != nil {
			p.fail(fmt.Errorf("malformed 'tags' parameter, cannot unmarshal JSON: %w", err))
		}
	}
	return tags
}

// parseSearchV3 reads the parameters in both spellings: query.service_name, which
// Jaeger has had since 1.35, and query.serviceName of its latest releases.
func parseSearchV3(values url.Values) (q store.Query, raw bool, err error) {
	p := v3Params(values)
	q.Service, _ = p.text("query.service_name", "query.serviceName")
	q.Operation, _ = p.text("query.operation_name", "query.operationName", "query.span_name")
	q.Start = parsed(p, rfc3339, "query.start_time_min", "query.startTimeMin")
	q.End = parsed(p, rfc3339, "query.start_time_max", "query.startTimeMax")
	q.Limit = p.limit(strconv.Atoi, "query.num_traces", "query.search_depth", "query.searchDepth")
	q.MinDuration = parsed(p, time.ParseDuration, "query.duration_min", "query.durationMin")
	q.MaxDuration = parsed(p, time.ParseDuration, "query.duration_max", "query.durationMax")
	q.Tags = parsed(p, attributesJSON, "query.attributes")
	raw = parsed(p, strconv.ParseBool, "query.raw_traces", "query.rawTraces")
	return q, raw, p.err
}

func rfc3339(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) }

func attributesJSON(text string) (tags map[string]string, err error) {
	err = json.Unmarshal([]byte(text), &tags)
	return tags, err
}
