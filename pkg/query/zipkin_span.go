package query

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// zipkinSpan is a span as Zipkin's server returns it (zipkin2-api.yaml). Times
// are microseconds.
type zipkinSpan struct {
	TraceID     trace.TraceID  `json:"traceId"`
	ID          trace.SpanID   `json:"id"`
	ParentID    trace.SpanID   `json:"parentId"`
	Name        string         `json:"name"`
	Kind        string         `json:"kind"`
	Timestamp   int64          `json:"timestamp"`
	Duration    int64          `json:"duration"`
	Debug       bool           `json:"debug"`
	Local       zipkinEndpoint `json:"localEndpoint"`
	Remote      zipkinEndpoint `json:"remoteEndpoint"`
	Annotations []struct {
		Timestamp int64  `json:"timestamp"`
		Value     string `json:"value"`
	} `json:"annotations"`
	Tags map[string]string `json:"tags"`
}

type zipkinEndpoint struct {
	Service string `json:"serviceName"`
	IPv4    string `json:"ipv4"`
	IPv6    string `json:"ipv6"`
	Port    uint16 `json:"port"`
}

// zipkinTrace makes a trace of its spans, the earliest first, and splits shared spans.
func zipkinTrace(spans []zipkinSpan) trace.Trace {
	t := trace.Trace{ID: spans[0].TraceID}
	for i := range spans {
		t.Spans = append(t.Spans, spans[i].span())
	}
	slices.SortStableFunc(t.Spans, func(a, b trace.Span) int { return a.Start.Compare(b.Start) })
	splitShared(t.Spans)
	return t
}

// The flags of a span (jaeger.thrift).
const (
	flagSampled = 1
	flagDebug   = 2
)

// span converts z as Jaeger does with Zipkin's spans: the kind is the tag span.kind,
// the endpoints are net.host.* and net.peer.*.
func (z *zipkinSpan) span() trace.Span {
	s := trace.Span{
		TraceID: z.TraceID, SpanID: z.ID, Operation: z.Name, Flags: flagSampled,
		Start: time.UnixMicro(z.Timestamp), Duration: time.Duration(z.Duration) * time.Microsecond,
		Tags: z.tags(), Process: &trace.Process{Service: z.Local.Service},
	}
	if z.Debug {
		s.Flags |= flagDebug
	}
	if z.ParentID != 0 && z.ParentID != z.ID {
		s.References = []trace.Reference{{Type: trace.ChildOf, TraceID: z.TraceID, SpanID: z.ParentID}}
	}
	for _, a := range z.Annotations {
		event := trace.Tag{Key: "event", Value: trace.String(a.Value)}
		s.Logs = append(s.Logs, trace.Log{Time: time.UnixMicro(a.Timestamp), Fields: []trace.Tag{event}})
	}
	return s
}

func (z *zipkinSpan) tags() []trace.Tag {
	var tags []trace.Tag
	add := func(key, value string) {
		if value != "" {
			tags = append(tags, trace.Tag{Key: key, Value: trace.String(value)})
		}
	}
	add("span.kind", strings.ToLower(z.Kind))
	for _, key := range slices.Sorted(maps.Keys(z.Tags)) {
		value := z.Tags[key]
		if key == "error" && value != "false" {
			// Any value means an error; most are its message.
			tags = append(tags, trace.Tag{Key: key, Value: trace.Bool(true)})
			if value != "true" {
				add("error.message", value)
			}
			continue
		}
		tags = append(tags, trace.Tag{Key: key, Value: trace.String(value)})
	}
	add("peer.service", z.Remote.Service)
	for _, end := range []struct {
		*zipkinEndpoint
		name string
	}{{&z.Local, "net.host."}, {&z.Remote, "net.peer."}} {
		add(end.name+"ip", cmp.Or(end.IPv6, end.IPv4))
		if end.Port != 0 {
			tags = append(tags, trace.Tag{Key: end.name + "port", Value: trace.Int64(int64(end.Port))})
		}
	}
	return tags
}

// splitShared splits spans whose id a client and a server share, as in B3: the
// server's half gets its own id and the client's as its parent, and so do the spans
// that the server's process made below it.
func splitShared(spans []trace.Span) {
	client := make(map[trace.SpanID]bool, len(spans))
	for i := range spans {
		client[spans[i].SpanID] = client[spans[i].SpanID] || isKind(&spans[i], "client")
	}
	type half struct {
		id      trace.SpanID
		service string
	}
	moved := make(map[half]trace.SpanID)
	var free trace.SpanID
	for i := range spans {
		s := &spans[i]
		if !client[s.SpanID] || !isKind(s, "server") {
			continue
		}
		for free++; ; free++ {
			if _, taken := client[free]; !taken {
				break
			}
		}
		moved[half{s.SpanID, s.Service()}] = free
		setParent(s, s.SpanID)
		s.SpanID = free
	}
	for i := range spans {
		s := &spans[i]
		if id, ok := moved[half{s.ParentID(), s.Service()}]; ok && id != s.SpanID {
			setParent(s, id)
		}
	}
}

func isKind(s *trace.Span, kind string) bool {
	v, _ := s.Tag("span.kind")
	return v.String() == kind
}

func setParent(s *trace.Span, id trace.SpanID) {
	s.References = []trace.Reference{{Type: trace.ChildOf, TraceID: s.TraceID, SpanID: id}}
}
