package otlp

import (
	"fmt"
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
	d := decoder{left: pb.NewAllowance(body)}
	m := pb.Read(body)
	for m.Next() {
		if m.Number == requestResources {
			m.Fail(d.resource(m.Bytes()))
		}
	}
	if err := m.Err(); err != nil {
		return Request{}, fmt.Errorf("read OTLP: %w", err)
	}
	return d.request, nil
}

// decoder holds what a request has so far.
type decoder struct {
	request Request
	left    pb.Allowance
}

// tags reads every KeyValue that a message has under a number, and leaves room
// for more. It counts first, so as to allocate once.
func (d *decoder) tags(first []trace.Tag, b []byte, number int, room int) ([]trace.Tag, error) {
	n := count(b, number)
	if n+len(first)+room == 0 {
		return nil, nil
	}
	if err := d.left.Spend(n, unsafe.Sizeof(trace.Tag{})); err != nil {
		return nil, err
	}
	return appendTags(append(make([]trace.Tag, 0, n+len(first)+room), first...), b, number)
}

// count returns how many fields of that number a message has.
func count(b []byte, number int) int {
	n := 0
	for m := pb.Read(b); m.Next(); {
		if m.Number == number {
			n++
		}
	}
	return n
}

// resource reads a ResourceSpans. Fields come in any order, so it looks for who
// made the spans first.
func (d *decoder) resource(b []byte) error {
	var attributes []trace.Tag
	m := pb.Read(b)
	for m.Next() {
		if m.Number == resourceSelf {
			var err error
			attributes, err = d.tags(attributes, m.Bytes(), resourceAttributes, 0)
			m.Fail(err)
		}
	}
	batch := ingest.Batch{Process: newProcess(attributes)}
	for m = pb.Read(b); m.Next(); {
		if m.Number == resourceScopes || m.Number == resourceLibraries {
			m.Fail(d.scope(m.Bytes(), &batch))
		}
	}
	if len(batch.Spans) > 0 {
		d.request.Batches = append(d.request.Batches, batch)
	}
	return m.Err()
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
	named := false
	for _, tag := range attributes {
		if tag.Key != serviceName {
			process.Tags = append(process.Tags, tag)
			continue
		}
		if text := tag.Value.String(); !named && tag.Value.Kind() == trace.KindString && text != "" {
			process.Service = text
		}
		named = true
	}
	return process
}

// scope reads a ScopeSpans, that is the spans of one instrumentation library.
func (d *decoder) scope(b []byte, batch *ingest.Batch) error {
	var library []trace.Tag
	m := pb.Read(b)
	for m.Next() {
		if m.Number == scopeSelf {
			var err error
			library, err = appendScope(library, m.Bytes())
			m.Fail(err)
		}
	}
	for m = pb.Read(b); m.Next(); {
		if m.Number != scopeSpans {
			continue
		}
		span, err := d.span(m.Bytes(), library)
		m.Fail(err)
		if span.TraceID.IsZero() || span.SpanID == 0 {
			d.request.Invalid++
			continue
		}
		m.Fail(d.left.Spend(1, unsafe.Sizeof(span)))
		span.Process = batch.Process
		batch.Spans = append(batch.Spans, span)
	}
	return m.Err()
}

// appendScope appends the tags by which each span names its library.
func appendScope(tags []trace.Tag, b []byte) ([]trace.Tag, error) {
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case scopeName:
			tags = appendText(tags, "otel.scope.name", m.String())
		case scopeVersion:
			tags = appendText(tags, "otel.scope.version", m.String())
		}
	}
	return tags, m.Err()
}

// appendText appends a tag, unless it would be empty.
func appendText(tags []trace.Tag, key, text string) []trace.Tag {
	if text == "" {
		return tags
	}
	return append(tags, trace.Tag{Key: key, Value: trace.String(text)})
}

func instant(nanos uint64) time.Time { return time.Unix(0, int64(nanos)).UTC() }
