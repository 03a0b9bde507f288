package otlp

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The fields of ExportTraceServiceRequest, ResourceSpans, Resource and ScopeSpans
// (opentelemetry/proto/trace/v1/trace.proto).
const (
	requestResources = 1

	resourceSelf   = 1
	resourceScopes = 2
	// resourceLibraries is what scopes were called before OTLP 0.15; the same
	// layout, and there are old clients.
	resourceLibraries = 1000

	resourceAttributes = 1

	scopeSelf  = 1
	scopeSpans = 2

	scopeName    = 1
	scopeVersion = 2
)

// Request is what one export carries.
type Request struct {
	// Batches has one for each resource that made spans.
	Batches []ingest.Batch
	// Invalid counts spans without a trace id or a span id. OpenTelemetry forbids
	// them, and nobody could find them: they are left out.
	Invalid int
}

// Decode reads an ExportTraceServiceRequest in protobuf. It keeps nothing of body
// and allocates at most some thirty times its size, whatever sizes it declares.
func Decode(body []byte) (Request, error) {
	var request Request
	m := pb.Read(body)
	for m.Next() {
		if m.Number == requestResources {
			request.resource(m.Part())
		}
	}
	if err := m.Err(); err != nil {
		return Request{}, fmt.Errorf("read OTLP: %w", err)
	}
	return request, nil
}

// resource reads a ResourceSpans. Fields come in any order, so it looks for who
// made the spans first.
func (r *Request) resource(m pb.Message) {
	var attributes []trace.Tag
	self := m
	for self.Next() {
		if self.Number == resourceSelf {
			attributes = readTags(attributes, self.Part(), resourceAttributes, 0)
		}
	}
	batch := ingest.Batch{Process: newProcess(attributes)}
	for m.Next() {
		if m.Number == resourceScopes || m.Number == resourceLibraries {
			r.scope(m.Part(), &batch)
		}
	}
	if len(batch.Spans) > 0 {
		r.Batches = append(r.Batches, batch)
	}
}

const (
	serviceName = "service.name"
	// emptyService and noService are what Jaeger 1.62 shows for a service without
	// a name, and for spans of nobody.
	emptyService = "empty-service-name"
	noService    = "OTLPResourceNoServiceName"
)

// newProcess makes a process of a resource's attributes: service.name is its name,
// the others are its tags.
func newProcess(attributes []trace.Tag) *trace.Process {
	process := &trace.Process{Service: emptyService}
	if len(attributes) == 0 {
		process.Service = noService
	}
	isName := func(tag trace.Tag) bool { return tag.Key == serviceName }
	if i := slices.IndexFunc(attributes, isName); i >= 0 && attributes[i].Value.Kind() == trace.KindString {
		process.Service = cmp.Or(attributes[i].Value.String(), emptyService)
	}
	process.Tags = slices.DeleteFunc(attributes, isName)
	return process
}

// scope reads a ScopeSpans, that is the spans of one instrumentation library.
func (r *Request) scope(m pb.Message, batch *ingest.Batch) {
	var library []trace.Tag
	self := m
	for self.Next() {
		if self.Number == scopeSelf {
			library = appendScope(library, self.Part())
		}
	}
	for m.Next() {
		if m.Number != scopeSpans {
			continue
		}
		span := readSpan(m.Part(), library)
		if span.TraceID.IsZero() || span.SpanID == 0 {
			r.Invalid++
		} else if m.Spend(1, unsafe.Sizeof(span)) {
			span.Process = batch.Process
			batch.Spans = append(batch.Spans, span)
		}
	}
}

// appendScope appends the tags by which each span names its library.
func appendScope(tags []trace.Tag, m pb.Message) []trace.Tag {
	for m.Next() {
		switch m.Number {
		case scopeName:
			tags = appendText(tags, "otel.scope.name", m.String())
		case scopeVersion:
			tags = appendText(tags, "otel.scope.version", m.String())
		}
	}
	return tags
}

func appendText(tags []trace.Tag, key, text string) []trace.Tag {
	if text == "" {
		return tags
	}
	return append(tags, trace.Tag{Key: key, Value: trace.String(text)})
}

func instant(nanos uint64) time.Time { return time.Unix(0, int64(nanos)).UTC() }
