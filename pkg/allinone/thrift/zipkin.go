package thrift

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The names for what Zipkin's spans have, as Jaeger translates them
// (model/converter/thrift/zipkin/to_domain.go in Jaeger 1.62).
const (
	unknownService = "unknown-service-name"
	spanKind       = "span.kind"
	kindClient     = "client"
	kindServer     = "server"
	// DebugFlag is the flag of a span that its client wants kept.
	DebugFlag = 2
)

// AppendZipkin appends a span of Zipkin's to a batch. One that a client and a server
// share becomes two with the same id.
func AppendZipkin(b *ingest.Batch, in *zipkincore.Span) {
	tags, processTags := zipkinTags(in.BinaryAnnotations)
	own := zipkinSpan(in, tags)
	own.Process = SharedProcess(b, zipkinProcess(in, processTags))
	b.Spans = append(b.Spans, own)
	if moment(in, zipkincore.CLIENT_SEND) != nil && moment(in, zipkincore.SERVER_RECV) != nil {
		b.Spans = append(b.Spans, otherHalf(&own, in))
	}
}

// SharedProcess returns the process of a batch's last span if it equals p, else p.
func SharedProcess(b *ingest.Batch, p *trace.Process) *trace.Process {
	if n := len(b.Spans); n > 0 {
		if last := b.Spans[n-1].Process; last.Service == p.Service && slices.Equal(last.Tags, p.Tags) {
			return last
		}
	}
	return p
}

func zipkinSpan(in *zipkincore.Span, tags []trace.Tag) trace.Span {
	out := trace.Span{
		TraceID:   trace.TraceID{High: uint64(in.GetTraceIDHigh()), Low: uint64(in.TraceID)},
		SpanID:    trace.SpanID(in.ID),
		Operation: in.Name,
		Tags:      tags,
		Logs:      zipkinLogs(in.Annotations),
	}
	if in.Debug {
		out.Flags = DebugFlag
	}
	if parent := trace.SpanID(in.GetParentID()); parent != 0 {
		out.References = []trace.Reference{{Type: trace.ChildOf, TraceID: out.TraceID, SpanID: parent}}
	}
	start, duration := zipkinTimes(in)
	out.Start, out.Duration = Instant(start), Microseconds(duration)
	if kind := firstKind(in.Annotations); kind != "" {
		out.Tags = append(out.Tags, trace.Tag{Key: spanKind, Value: trace.String(kind)})
	}
	return out
}

// otherHalf returns the server's part of a span when own is the client's, and the
// other way round.
func otherHalf(own *trace.Span, in *zipkincore.Span) trace.Span {
	kind, begin, end := kindClient, moment(in, zipkincore.CLIENT_SEND), moment(in, zipkincore.CLIENT_RECV)
	if firstKind(in.Annotations) == kindClient {
		kind, begin, end = kindServer, moment(in, zipkincore.SERVER_RECV), moment(in, zipkincore.SERVER_SEND)
	}
	out := *own
	out.Start, out.Duration = Instant(begin.Timestamp), 0
	out.Tags, out.Logs = []trace.Tag{{Key: spanKind, Value: trace.String(kind)}}, nil
	if end != nil {
		out.Duration = Microseconds(end.Timestamp - begin.Timestamp)
	}
	return out
}

// coreKind returns the kind of span that an annotation like cs or sr implies, "" for
// one that is an event.
func coreKind(annotation string) string {
	switch annotation {
	case zipkincore.CLIENT_SEND, zipkincore.CLIENT_RECV:
		return kindClient
	case zipkincore.SERVER_SEND, zipkincore.SERVER_RECV:
		return kindServer
	default:
		return ""
	}
}

func moment(in *zipkincore.Span, value string) *zipkincore.Annotation {
	i := slices.IndexFunc(in.Annotations, func(a *zipkincore.Annotation) bool { return a.Value == value })
	if i < 0 {
		return nil
	}
	return in.Annotations[i]
}

func firstKind(annotations []*zipkincore.Annotation) string {
	for _, a := range annotations {
		if kind := coreKind(a.Value); kind != "" {
			return kind
		}
	}
	return ""
}

// zipkinTimes returns start and duration in microseconds. The first clients have
// them in annotations only.
func zipkinTimes(in *zipkincore.Span) (start, duration int64) {
	start, duration = in.GetTimestamp(), in.GetDuration()
	begin, end := moment(in, zipkincore.CLIENT_SEND), moment(in, zipkincore.CLIENT_RECV)
	if begin == nil {
		begin, end = moment(in, zipkincore.SERVER_RECV), moment(in, zipkincore.SERVER_SEND)
	}
	if start != 0 || begin == nil {
		return start, duration
	}
	if end != nil && duration == 0 {
		duration = end.Timestamp - begin.Timestamp
	}
	return begin.Timestamp, duration
}

func zipkinProcess(in *zipkincore.Span, tags []trace.Tag) *trace.Process {
	process := &trace.Process{Service: unknownService, Tags: tags}
	if host := zipkinHost(in); host != nil {
		process.Service = host.ServiceName
		if host.Ipv4 != 0 {
			process.Tags = append(process.Tags, trace.Tag{Key: "ip", Value: trace.Int64(int64(host.Ipv4))})
		}
	}
	return process
}

// zipkinHost returns the endpoint that best identifies who made the span: that of an
// annotation like cs or sr, of the component, of any annotation, of any tag.
func zipkinHost(in *zipkincore.Span) *zipkincore.Endpoint {
	var best [4]*zipkincore.Endpoint // the first of each of these
	note := func(rank int, host *zipkincore.Endpoint) {
		if host != nil && host.ServiceName != "" && best[rank] == nil {
			best[rank] = host
		}
	}
	for _, a := range in.Annotations {
		if coreKind(a.Value) != "" {
			note(0, a.Host)
		}
		note(2, a.Host)
	}
	for _, a := range in.BinaryAnnotations {
		if a.Key == zipkincore.LOCAL_COMPONENT {
			note(1, a.Host)
		}
		note(3, a.Host)
	}
	return cmp.Or(best[:]...)
}

// zipkinTags returns the tags of a span, and those of its process.
func zipkinTags(annotations []*zipkincore.BinaryAnnotation) (own, process []trace.Tag) {
	own = slices.Grow(own, len(annotations))
	for _, a := range annotations {
		switch a.Key {
		case zipkincore.LOCAL_COMPONENT:
			own = append(own, trace.Tag{Key: "component", Value: trace.String(string(a.Value))})
		case zipkincore.SERVER_ADDR, zipkincore.CLIENT_ADDR, zipkincore.MESSAGE_ADDR:
			own = append(own, peerTags(a.Host)...)
		case "jaegerClient", "jaeger.version":
			process = append(process, trace.Tag{Key: "jaeger.version", Value: zipkinValue(a)})
		case "jaeger.hostname":
			process = append(process, trace.Tag{Key: "hostname", Value: zipkinValue(a)})
		default:
			own = append(own, trace.Tag{Key: a.Key, Value: zipkinValue(a)})
		}
	}
	return own, process
}

func peerTags(host *zipkincore.Endpoint) []trace.Tag {
	if host == nil {
		return nil
	}
	tags := []trace.Tag{{Key: "peer.service", Value: trace.String(host.ServiceName)}}
	if host.Ipv4 != 0 {
		tags = append(tags, trace.Tag{Key: "peer.ipv4", Value: trace.Int64(int64(uint32(host.Ipv4)))})
	}
	if host.Ipv6 != nil {
		tags = append(tags, trace.Tag{Key: "peer.ipv6", Value: trace.Binary(host.Ipv6)})
	}
	if host.Port != 0 {
		tags = append(tags, trace.Tag{Key: "peer.port", Value: trace.Int64(int64(uint16(host.Port)))})
	}
	return tags
}

// zipkinValue reads a value of the type that it is declared as. One that is none
// becomes an error text, in Jaeger's words.
func zipkinValue(a *zipkincore.BinaryAnnotation) trace.Value {
	var value trace.Value
	var n uint64
	var err error
	switch a.AnnotationType {
	case zipkincore.AnnotationType_STRING:
		value = trace.String(string(a.Value))
	case zipkincore.AnnotationType_BYTES:
		value = trace.Binary(a.Value)
	case zipkincore.AnnotationType_BOOL:
		value = trace.Bool(len(a.Value) == 1 && a.Value[0] == 1)
	case zipkincore.AnnotationType_I16:
		n, err = bigEndian(a.Value, 2)
		value = trace.Int64(int64(int16(n)))
	case zipkincore.AnnotationType_I32:
		n, err = bigEndian(a.Value, 4)
		value = trace.Int64(int64(int32(n)))
	case zipkincore.AnnotationType_I64:
		n, err = bigEndian(a.Value, 8)
		value = trace.Int64(int64(n))
	case zipkincore.AnnotationType_DOUBLE:
		n, err = bigEndian(a.Value, 8)
		value = trace.Float64(math.Float64frombits(n))
	default:
		err = fmt.Errorf("unknown zipkin annotation type: %d", a.AnnotationType)
	}
	if err != nil {
		return trace.String(fmt.Sprintf("Cannot parse Zipkin value %s: %v", base64.StdEncoding.EncodeToString(a.Value), err))
	}
	return value
}

// bigEndian reads a number of so many bytes. Its errors are those of encoding/binary.
func bigEndian(b []byte, size int) (n uint64, err error) {
	switch {
	case len(b) == 0:
		return 0, io.EOF
	case len(b) < size:
		return 0, io.ErrUnexpectedEOF
	}
	for _, c := range b[:size] {
		n = n<<8 | uint64(c)
	}
	return n, nil
}

// zipkinLogs returns the annotations that are events. Clients that log several
// fields send them as a JSON object.
func zipkinLogs(annotations []*zipkincore.Annotation) []trace.Log {
	var logs []trace.Log
	for _, a := range annotations {
		if a.Value == "" || coreKind(a.Value) != "" {
			continue
		}
		logs = append(logs, trace.Log{Time: Instant(a.Timestamp), Fields: ingest.LogFields(a.Value)})
	}
	return logs
}
