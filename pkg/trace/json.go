package trace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// The JSON below is that of Jaeger's HTTP query API, /api/traces and
// /api/traces/{id}, as Jaeger's UI reads it (model/json/model.go in Jaeger 1.62;
// the same in 2.x).

// ResponseError is one entry of "errors" in Jaeger's responses.
type ResponseError struct {
	Code    int    `json:"code,omitempty"`
	Msg     string `json:"msg"`
	TraceID string `json:"traceID,omitempty"`
}

// response is the envelope of every response of the v1 query API.
type response[T any] struct {
	Data   T               `json:"data"`
	Total  int             `json:"total"`
	Limit  int             `json:"limit"`
	Offset int             `json:"offset"`
	Errors []ResponseError `json:"errors"`
}

type jsonTrace struct {
	TraceID   TraceID                `json:"traceID"`
	Spans     []jsonSpan             `json:"spans"`
	Processes map[string]jsonProcess `json:"processes"`
	Warnings  []string               `json:"warnings"`
}

type jsonSpan struct {
	TraceID TraceID `json:"traceID"`
	SpanID  SpanID  `json:"spanID"`
	// ParentSpanID is written by old versions of Jaeger only, beside the references.
	ParentSpanID  SpanID          `json:"parentSpanID,omitzero"`
	Flags         uint32          `json:"flags,omitempty"`
	OperationName string          `json:"operationName"`
	References    []jsonReference `json:"references"`
	StartTime     int64           `json:"startTime"`
	Duration      int64           `json:"duration"`
	Tags          []jsonTag       `json:"tags"`
	Logs          []jsonLog       `json:"logs"`
	ProcessID     string          `json:"processID"`
	Warnings      []string        `json:"warnings"`
}

type jsonReference struct {
	RefType string  `json:"refType"`
	TraceID TraceID `json:"traceID"`
	SpanID  SpanID  `json:"spanID"`
}

type jsonProcess struct {
	ServiceName string    `json:"serviceName"`
	Tags        []jsonTag `json:"tags"`
}

type jsonLog struct {
	Timestamp int64     `json:"timestamp"`
	Fields    []jsonTag `json:"fields"`
}

type jsonTag struct {
	Key   string `json:"key"`
	Type  string `json:"type,omitempty"`
	Value any    `json:"value"`
}

// EncodeResponse writes the envelope of Jaeger's v1 query API around data, which
// encoding/json must be able to encode. A nil errs is written as null, as Jaeger
// does.
func EncodeResponse(w io.Writer, data any, total int, errs []ResponseError) error {
	err := json.NewEncoder(w).Encode(response[any]{Data: data, Total: total, Errors: errs})
	if err != nil {
		return fmt.Errorf("encode response: %w", err)
	}
	return nil
}

// EncodeTraces writes traces as Jaeger's v1 query API does: times in
// microseconds, each distinct process once per trace, integers beyond the safe
// range of JavaScript as strings. Numbers that JSON cannot hold (NaN and the
// infinities) are written as strings too.
func EncodeTraces(w io.Writer, traces []Trace, errs []ResponseError) error {
	data := make([]jsonTrace, len(traces))
	for i := range traces {
		data[i] = toJSON(&traces[i])
	}
	return EncodeResponse(w, data, 0, errs)
}

// DecodeTraces reads the JSON of EncodeTraces or of a Jaeger. The second result is
// Jaeger's own "errors"; a response that has them may still have traces.
func DecodeTraces(r io.Reader) ([]Trace, []ResponseError, error) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	var resp response[[]jsonTrace]
	if err := dec.Decode(&resp); err != nil {
		return nil, nil, fmt.Errorf("decode traces: %w", err)
	}
	traces := make([]Trace, len(resp.Data))
	for i := range resp.Data {
		t, err := fromJSON(&resp.Data[i])
		if err != nil {
			return nil, resp.Errors, fmt.Errorf("decode trace %s: %w", resp.Data[i].TraceID, err)
		}
		traces[i] = t
	}
	return traces, resp.Errors, nil
}

func toJSON(t *Trace) jsonTrace {
	out := jsonTrace{
		TraceID:   t.ID,
		Spans:     make([]jsonSpan, len(t.Spans)),
		Processes: make(map[string]jsonProcess),
		Warnings:  t.Warnings,
	}
	// Batches of one client have equal processes at different addresses, which get the
	// same name: p1, p2, ...
	names, byContent := make(map[*Process]string), make(map[string]string)
	for i := range t.Spans {
		s := &t.Spans[i]
		name, known := names[s.Process]
		if !known {
			key := content(s.Process)
			if name, known = byContent[key]; !known {
				name = "p" + strconv.Itoa(len(byContent)+1)
				byContent[key] = name
				p := cmp.Or(s.Process, &Process{})
				out.Processes[name] = jsonProcess{ServiceName: p.Service, Tags: tagsToJSON(p.Tags)}
			}
			names[s.Process] = name
		}
		out.Spans[i] = spanToJSON(s, name)
	}
	return out
}

// content is equal for equal processes, and only for those: each text in it is
// quoted.
func content(p *Process) string {
	if p == nil {
		return ""
	}
	b := strconv.AppendQuote(nil, p.Service)
	for i := range p.Tags {
		v := p.Tags[i].Value
		b = strconv.AppendQuote(b, p.Tags[i].Key)
		b = strconv.AppendUint(b, uint64(v.kind), 10)
		b = append(b, ':')
		b = strconv.AppendUint(b, v.num, 10)
		b = strconv.AppendQuote(b, v.str)
	}
	return string(b)
}

func spanToJSON(s *Span, processID string) jsonSpan {
	out := jsonSpan{
		TraceID:       s.TraceID,
		SpanID:        s.SpanID,
		Flags:         s.Flags,
		OperationName: s.Operation,
		References:    make([]jsonReference, len(s.References)),
		StartTime:     s.Start.UnixMicro(),
		Duration:      s.Duration.Microseconds(),
		Tags:          tagsToJSON(s.Tags),
		Logs:          make([]jsonLog, len(s.Logs)),
		ProcessID:     processID,
		Warnings:      s.Warnings,
	}
	for i, ref := range s.References {
		out.References[i] = jsonReference{RefType: ref.Type.String(), TraceID: ref.TraceID, SpanID: ref.SpanID}
	}
	for i := range s.Logs {
		out.Logs[i] = jsonLog{Timestamp: s.Logs[i].Time.UnixMicro(), Fields: tagsToJSON(s.Logs[i].Fields)}
	}
	return out
}

func tagsToJSON(tags []Tag) []jsonTag {
	out := make([]jsonTag, len(tags))
	for i := range tags {
		v := tags[i].Value
		out[i] = jsonTag{Key: tags[i].Key, Type: v.Kind().String(), Value: valueToJSON(v)}
	}
	return out
}

// maxSafeInteger is the largest integer that JavaScript's numbers hold exactly.
const maxSafeInteger = 1<<53 - 1

func valueToJSON(v Value) any {
	switch v.Kind() {
	case KindBool:
		return v.Bool()
	case KindInt64:
		n := v.Int64()
		if n > maxSafeInteger || n < -maxSafeInteger {
			return v.String()
		}
		return n
	case KindFloat64:
		f := v.Float64()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return v.String()
		}
		return f
	case KindBinary:
		return v.Bytes()
	case KindString:
	}
	return v.String()
}

func fromJSON(jt *jsonTrace) (Trace, error) {
	processes := make(map[string]*Process, len(jt.Processes))
	for id, jp := range jt.Processes {
		tags, err := tagsFromJSON(jp.Tags)
		if err != nil {
			return Trace{}, fmt.Errorf("process %s: %w", id, err)
		}
		processes[id] = &Process{Service: jp.ServiceName, Tags: tags}
	}
	out := Trace{ID: jt.TraceID, Spans: make([]Span, len(jt.Spans)), Warnings: jt.Warnings}
	for i := range jt.Spans {
		s, err := spanFromJSON(&jt.Spans[i], processes)
		if err != nil {
			return Trace{}, fmt.Errorf("span %s: %w", jt.Spans[i].SpanID, err)
		}
		out.Spans[i] = s
	}
	return out, nil
}

func spanFromJSON(js *jsonSpan, processes map[string]*Process) (Span, error) {
	tags, err := tagsFromJSON(js.Tags)
	if err != nil {
		return Span{}, err
	}
	s := Span{
		TraceID:   js.TraceID,
		SpanID:    js.SpanID,
		Operation: js.OperationName,
		Flags:     js.Flags,
		Start:     time.UnixMicro(js.StartTime).UTC(),
		Duration:  time.Duration(js.Duration) * time.Microsecond,
		Tags:      tags,
		Process:   processes[js.ProcessID],
		Warnings:  js.Warnings,
	}
	for _, ref := range js.References {
		s.References = append(s.References, Reference{Type: refType(ref.RefType), TraceID: ref.TraceID, SpanID: ref.SpanID})
	}
	s.addParent(js.ParentSpanID)
	for _, jl := range js.Logs {
		fields, err := tagsFromJSON(jl.Fields)
		if err != nil {
			return Span{}, fmt.Errorf("log: %w", err)
		}
		s.Logs = append(s.Logs, Log{Time: time.UnixMicro(jl.Timestamp).UTC(), Fields: fields})
	}
	return s, nil
}

// addParent adds the parent that old versions of Jaeger write beside the references,
// unless it is one of them.
func (s *Span) addParent(id SpanID) {
	if id != 0 && s.ParentID() == 0 {
		s.References = append([]Reference{{Type: ChildOf, TraceID: s.TraceID, SpanID: id}}, s.References...)
	}
}

func tagsFromJSON(tags []jsonTag) ([]Tag, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	out := make([]Tag, len(tags))
	for i, jt := range tags {
		v, err := valueFromJSON(jt.Type, jt.Value)
		if err != nil {
			return nil, fmt.Errorf("tag %q: %w", jt.Key, err)
		}
		out[i] = Tag{Key: jt.Key, Value: v}
	}
	return out, nil
}
