package otel_test

import (
	"errors"
	"testing"

	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/otel"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

// The bytes of a stranger that are no text cost no span of any tracer, and no
// batch; and what arrives is what Jaeger's JSON makes of the same bytes.
func TestOTLPInvalidUTF8(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "zone=%ff")
	const bad, good = "a\xff\xfeb", "a\ufffd\ufffdb"
	for _, c := range []*otel.OTLPCollector{otel.NewGRPCCollector(t, otel.Accept), otel.NewHTTPCollector(t, otel.Protobuf(t, nil))} {
		cfg := otel.OtelConfig(c.URL)
		cfg.Service = bad
		cfg.Tags = []config.Tag{{Name: bad, Value: bad}}
		tr, l := tracertest.New(t, cfg)
		if got := tr.Service(); got != good {
			t.Errorf("got service %q, want %q", got, good)
		}
		span := tr.StartSpan(bad).SetTag(bad, bad).SetTag("list", []string{bad})
		ext.Error.Set(span, true)
		span.LogFields(log.String(bad, bad), log.Error(errors.New(bad)))
		span.Finish()
		testkit.MakeSpans(tr, 10)
		testkit.CloseTracer(t, tr)
		testkit.CheckBalance(t, tr.Stats())
		if s := tr.Stats(); s.Sent != 11 || c.Count() != 1 {
			t.Errorf("%s: got %+v in %d requests, want 11 sent in one\n%s", c.URL, s, c.Count(), l)
			continue
		}
		got := c.Spans()[good]
		if got == nil {
			t.Errorf("%s: no span is called %q", c.URL, good)
			continue
		}
		if text := otel.TextOf(got.Attributes)[good]; text != good {
			t.Errorf("%s: got attributes %v", c.URL, got.Attributes)
		}
		if text := otel.TextOf(got.Events[0].Attributes); text[good] != good || text["error.object"] != good {
			t.Errorf("%s: got event %v", c.URL, got.Events)
		}
		process := otel.TextOf(c.Requests[0].ResourceSpans[0].Resource.Attributes)
		if process["service.name"] != good || process[good] != good || process["zone"] != "\ufffd" {
			t.Errorf("%s: got resource %v", c.URL, process)
		}
	}
}
