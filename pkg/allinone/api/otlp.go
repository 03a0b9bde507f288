package api

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

// toOTLP turns adjusted spans into OTLP as Jaeger does, which keeps spans that way
// since 2.0 (pkg/translator/jaeger of opentelemetry-collector-contrib): tags that
// OTLP has fields for move there, spans stand together by process and scope.
func toOTLP(traces []trace.Trace) otlpData {
	data := otlpData{ResourceSpans: []*otlpResourceSpans{}}
	for i := range traces {
		resources := make(map[*trace.Process]*otlpResourceSpans)
		scopes := make(map[scopeKey]*otlpScopeSpans)
		for j := range traces[i].Spans {
			s := &traces[i].Spans[j]
			in := resources[s.Process]
			if in == nil {
				in = &otlpResourceSpans{Resource: resourceOf(s.Process)}
				resources[s.Process] = in
				data.ResourceSpans = append(data.ResourceSpans, in)
			}
			span, scope := spanToOTLP(s)
			key := scopeKey{s.Process, scope}
			if scopes[key] == nil {
				scopes[key] = &otlpScopeSpans{Scope: scope}
				in.ScopeSpans = append(in.ScopeSpans, scopes[key])
			}
			scopes[key].Spans = append(scopes[key].Spans, span)
		}
	}
	return data
}

type scopeKey struct {
	process *trace.Process
	scope   otlpScope
}

// noService is the name that Jaeger's receivers give a process without one.
const noService = "OTLPResourceNoServiceName"

func resourceOf(p *trace.Process) otlpResource {
	if p == nil || p.Service == noService {
		return otlpResource{}
	}
	a := newAttributes(p.Tags)
	if p.Service != "" {
		a["service.name"] = trace.String(p.Service)
	}
	a.rename("hostname", "host.name", "")
	a.rename("jaeger.version", "opencensus.exporterversion", "Jaeger-")
	return otlpResource{Attributes: a.list()}
}

func spanToOTLP(s *trace.Span) (otlpSpan, otlpScope) {
	a := newAttributes(s.Tags)
	scope := otlpScope{Name: a.take("otel.scope.name")}
	if scope.Name != "" {
		scope.Version = a.take("otel.scope.version")
	}
	start := s.Start.UnixNano()
	parent := s.ParentID()
	out := otlpSpan{
		TraceID:    otlpTraceID(s.TraceID),
		SpanID:     s.SpanID.String(),
		TraceState: a.take("w3c.tracestate"),
		Name:       s.Operation,
		Kind:       otlpKind(a.take("span.kind")),
		Start:      nanos(start),
		End:        nanos(start + s.Duration.Nanoseconds()),
		Links:      linksOf(s.References, parent),
	}
	out.Status = a.status(out.Kind)
	if parent != 0 {
		out.ParentSpanID = parent.String()
	}
	out.Attributes = a.list()
	if len(s.Warnings) > 0 {
		out.Attributes = append(out.Attributes, warningsAttribute(s.Warnings))
	}
	for i := range s.Logs {
		fields := newAttributes(s.Logs[i].Fields)
		event := otlpEvent{Time: nanos(s.Logs[i].Time.UnixNano()), Name: fields.take("event")}
		event.Attributes = fields.list()
		out.Events = append(out.Events, event)
	}
	return out, scope
}

// warningsAttribute is where Jaeger 2 puts its warnings.
func warningsAttribute(warnings []string) otlpAttribute {
	array := &otlpArray{}
	for _, w := range warnings {
		array.Values = append(array.Values, otlpValue{String: &w})
	}
	return otlpAttribute{Key: "@jaeger@warnings", Value: otlpValue{Array: array}}
}

func linksOf(refs []trace.Reference, parent trace.SpanID) []otlpLink {
	var links []otlpLink
	for _, ref := range refs {
		if ref.SpanID == parent && ref.Type == trace.ChildOf {
			continue
		}
		links = append(links, otlpLink{
			TraceID: otlpTraceID(ref.TraceID),
			SpanID:  ref.SpanID.String(),
			Attributes: []otlpAttribute{{
				Key:   "opentracing.ref_type",
				Value: otlpValue{String: new(strings.ToLower(ref.Type.String()))},
			}},
		})
	}
	return links
}

// What OTLP has for a server's span, and for one that failed.
const (
	kindServer  = 2
	statusError = 2
)

// otlpKind returns OTLP's number of a kind of span, 0 for none.
func otlpKind(tag string) int {
	return max(0, slices.Index([]string{"", "internal", "server", "client", "producer", "consumer"}, tag))
}

// attributes are tags of which each key stands once, with its last value.
type attributes map[string]trace.Value

func newAttributes(tags []trace.Tag) attributes {
	a := make(attributes, len(tags)+1)
	for i := range tags {
		a[tags[i].Key] = tags[i].Value
	}
	return a
}

// text returns the value of a key if that is a string, else "".
func (a attributes) text(key string) string {
	if v := a[key]; v.Kind() == trace.KindString {
		return v.String()
	}
	return ""
}

func (a attributes) take(key string) string {
	text := a.text(key)
	delete(a, key)
	return text
}

// rename moves a value to another key, unless that is taken.
func (a attributes) rename(from, to, prefix string) {
	v, ok := a[from]
	if _, taken := a[to]; !ok || taken {
		return
	}
	delete(a, from)
	if prefix != "" {
		v = trace.String(prefix + v.String())
	}
	a[to] = v
}

// status takes what the tags say of the span's outcome: error, else
// otel.status_code, else the status of HTTP, which stays a tag.
func (a attributes) status(kind int) otlpStatus {
	failed := a["error"] == trace.Bool(true)
	if failed {
		delete(a, "error")
	}
	_, described := a["otel.status_description"]
	code, coded := a["otel.status_code"]
	delete(a, "otel.status_code")
	switch {
	case failed && described:
		return otlpStatus{Code: statusError, Message: a.take("otel.status_description")}
	case failed:
		return otlpStatus{Code: statusError, Message: a.text("http.status_message")}
	case coded:
		codes := []string{"UNSET", "OK", "ERROR"} // as OTLP numbers them
		return otlpStatus{Code: max(0, slices.Index(codes, strings.ToUpper(code.String()))), Message: a.take("otel.status_description")}
	}
	if httpFailed(a["http.status_code"], kind) {
		return otlpStatus{Code: statusError, Message: a.text("http.status_message")}
	}
	return otlpStatus{}
}

// httpFailed reports whether a span failed by the status of its response: a
// server's did not when the client was wrong. 399 counts as failed, as in Jaeger.
func httpFailed(v trace.Value, kind int) bool {
	if v.Kind() != trace.KindString && v.Kind() != trace.KindInt64 {
		return false
	}
	n, err := strconv.ParseInt(v.String(), 10, 64)
	clientFailed := kind == kindServer && n >= 400 && n < 500
	return err == nil && !clientFailed && (n < 100 || n >= 399)
}

func (a attributes) list() []otlpAttribute {
	out := make([]otlpAttribute, 0, len(a))
	for key, v := range a {
		out = append(out, otlpAttribute{Key: key, Value: otlpValueOf(v)})
	}
	slices.SortFunc(out, func(x, y otlpAttribute) int { return cmp.Compare(x.Key, y.Key) })
	return out
}
