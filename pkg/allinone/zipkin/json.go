package zipkin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/thrift"
	"github.com/otdemo/otdemo/pkg/trace"
)

// noService is the name that Jaeger gives a service which Zipkin's JSON does not
// name.
const noService = "OTLPResourceNoServiceName"

// DecodeJSON reads a list of spans in the JSON of Zipkin's second API. Tags
// have the names that Jaeger's OpenTelemetry translator gives them.
func DecodeJSON(body []byte) (ingest.Batch, error) {
	return decodeJSON(body, func(batch *ingest.Batch, in *jsonSpan) {
		span := in.convert()
		span.Process = thrift.SharedProcess(batch, span.Process)
		batch.Spans = append(batch.Spans, span)
	})
}

// DecodeJSONv1 reads a list of spans in the JSON of Zipkin's first API.
func DecodeJSONv1(body []byte) (ingest.Batch, error) {
	return decodeJSON(body, func(batch *ingest.Batch, in *jsonSpanV1) { thrift.AppendZipkin(batch, in.thrift()) })
}

// decodeJSON reads the elements of a list one by one, so that data that
// does not fit into a span is rejected before it uses memory.
func decodeJSON[T interface{ hasIDs() bool }](body []byte, add func(*ingest.Batch, *T)) (batch ingest.Batch, err error) {
	if len(body) == 0 {
		return ingest.Batch{}, &ingest.Fault{Reason: ingest.Empty}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return ingest.Batch{}, jsonFault(d, cmp.Or(err, errNoList))
	}
	for d.More() {
		var in T
		if err := d.Decode(&in); err != nil {
			return ingest.Batch{}, jsonFault(d, err)
		}
		if !in.hasIDs() {
			return ingest.Batch{}, jsonFault(d, errNoIDs)
		}
		add(&batch, &in)
	}
	if _, err := d.Token(); err != nil {
		return ingest.Batch{}, jsonFault(d, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return ingest.Batch{}, ingest.Faultf(ingest.Malformed, "something follows the list of spans")
	}
	return batch, nil
}

var (
	errNoList = errors.New("spans come as a list")
	errNoIDs  = errors.New("a span needs id and traceId")
)

func jsonFault(d *json.Decoder, err error) *ingest.Fault {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &ingest.Fault{Reason: ingest.Truncated, Detail: fmt.Sprintf("at byte %d", d.InputOffset()), Jaeger: "unexpected end of JSON input"}
	}
	words := strings.ToValidUTF8(err.Error(), "?")
	return &ingest.Fault{Reason: ingest.Malformed, Detail: fmt.Sprintf("before byte %d: %.200s", d.InputOffset(), words), Jaeger: words}
}

// jsonHead is what the spans of both APIs have. Times are microseconds.
type jsonHead struct {
	TraceID     trace.TraceID    `json:"traceId"`
	ID          trace.SpanID     `json:"id"`
	ParentID    trace.SpanID     `json:"parentId"`
	Name        string           `json:"name"`
	Timestamp   int64            `json:"timestamp"`
	Duration    int64            `json:"duration"`
	Debug       bool             `json:"debug"`
	Annotations []jsonAnnotation `json:"annotations"`
}

func (h jsonHead) hasIDs() bool { return h.ID != 0 && !h.TraceID.IsZero() }

// jsonSpan is a span as in Zipkin's zipkin2-api.yaml.
type jsonSpan struct {
	jsonHead
	Kind   string            `json:"kind"`
	Local  jsonEndpoint      `json:"localEndpoint"`
	Remote jsonEndpoint      `json:"remoteEndpoint"`
	Tags   map[string]string `json:"tags"`
}

type jsonEndpoint struct {
	Service string     `json:"serviceName"`
	IPv4    netip.Addr `json:"ipv4"`
	IPv6    netip.Addr `json:"ipv6"`
	Port    uint16     `json:"port"`
}

type jsonAnnotation struct {
	Timestamp int64         `json:"timestamp"`
	Value     string        `json:"value"`
	Endpoint  *jsonEndpoint `json:"endpoint"` // in the first API only
}

func (in *jsonSpan) convert() trace.Span {
	out := trace.Span{
		TraceID:   in.TraceID,
		SpanID:    in.ID,
		Operation: in.Name,
		Start:     thrift.Instant(in.Timestamp),
		Duration:  thrift.Microseconds(in.Duration),
		Tags:      in.tags(),
		Process:   &trace.Process{Service: cmp.Or(in.Local.Service, noService)},
	}
	if in.Debug {
		out.Flags = thrift.DebugFlag
	}
	if in.ParentID != 0 && in.ParentID != in.ID {
		out.References = []trace.Reference{{Type: trace.ChildOf, TraceID: in.TraceID, SpanID: in.ParentID}}
	}
	for _, a := range in.Annotations {
		if a.Value == "" {
			continue
		}
		event := trace.Tag{Key: "event", Value: trace.String(a.Value)}
		out.Logs = append(out.Logs, trace.Log{Time: thrift.Instant(a.Timestamp), Fields: []trace.Tag{event}})
	}
	return out
}

// tags returns the span's own tags by name, then those of its ends.
func (in *jsonSpan) tags() []trace.Tag {
	var tags []trace.Tag
	add := func(key string, value trace.Value) { tags = append(tags, trace.Tag{Key: key, Value: value}) }
	if in.Kind != "" {
		add("span.kind", trace.String(strings.ToLower(in.Kind)))
	}
	if text, failed := in.Tags["error"]; failed {
		add("error", trace.Bool(true))
		add("otel.status_code", trace.String("ERROR"))
		if text == "true" {
			delete(in.Tags, "error")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(in.Tags)) {
		add(key, trace.String(in.Tags[key]))
	}
	if in.Remote.Service != "" {
		add("peer.service", trace.String(in.Remote.Service))
	}
	ends := []struct {
		*jsonEndpoint
		ip, port string
	}{{&in.Local, "net.host.ip", "net.host.port"}, {&in.Remote, "net.peer.ip", "net.peer.port"}}
	for _, end := range ends {
		if ip := cmp.Or(end.IPv6, end.IPv4); ip.IsValid() {
			add(end.ip, trace.String(ip.String()))
		}
		if end.Port != 0 {
			add(end.port, trace.Int64(int64(end.Port)))
		}
	}
	if in.Timestamp == 0 {
		add("otel.zipkin.absentField.startTime", trace.Bool(true))
	}
	return tags
}

// jsonSpanV1 is a span as in Zipkin's zipkin-api.yaml.
type jsonSpanV1 struct {
	jsonHead
	BinaryAnnotations []struct {
		Key      string        `json:"key"`
		Value    any           `json:"value"`
		Endpoint *jsonEndpoint `json:"endpoint"`
	} `json:"binaryAnnotations"`
}

// thrift returns the span as the same API has it in thrift.
func (in *jsonSpanV1) thrift() *zipkincore.Span {
	high, parent := int64(in.TraceID.High), int64(in.ParentID)
	out := &zipkincore.Span{
		TraceID:     int64(in.TraceID.Low),
		TraceIDHigh: &high,
		ID:          int64(in.ID),
		ParentID:    &parent,
		Name:        in.Name,
		Timestamp:   &in.Timestamp,
		Duration:    &in.Duration,
		Debug:       in.Debug,
	}
	for _, a := range in.Annotations {
		out.Annotations = append(out.Annotations, &zipkincore.Annotation{
			Timestamp: a.Timestamp, Value: a.Value, Host: a.Endpoint.thrift(),
		})
	}
	for _, a := range in.BinaryAnnotations {
		kind, value := zipkincore.AnnotationType_STRING, []byte(fmt.Sprint(a.Value))
		if truth, ok := a.Value.(bool); ok {
			kind, value = zipkincore.AnnotationType_BOOL, []byte{0}
			if truth {
				value[0] = 1
			}
		}
		out.BinaryAnnotations = append(out.BinaryAnnotations, &zipkincore.BinaryAnnotation{
			Key: a.Key, Value: value, AnnotationType: kind, Host: a.Endpoint.thrift(),
		})
	}
	return out
}

func (e *jsonEndpoint) thrift() *zipkincore.Endpoint {
	if e == nil {
		return nil
	}
	out := &zipkincore.Endpoint{ServiceName: e.Service, Port: int16(e.Port)}
	if e.IPv4.Is4() {
		b := e.IPv4.As4()
		out.Ipv4 = int32(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
	}
	if e.IPv6.IsValid() {
		b := e.IPv6.As16()
		out.Ipv6 = b[:]
	}
	return out
}
