package thrift

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
)

// dice makes choices from data, and always the first one when that is used up.
type dice struct{ data []byte }

func (d *dice) byte() byte {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *dice) below(n int) int { return int(d.byte()) % n }

func (d *dice) uint64() (v uint64) {
	for range 1 + d.below(8) {
		v = v<<8 | uint64(d.byte())
	}
	return v
}

func (d *dice) float64() float64 { return math.Float64frombits(d.uint64() << (8 * d.below(8))) }

// text returns up to 31 bytes of data, or around as many as a tag may hold, or
// as a varint of one byte may count.
func (d *dice) text() string {
	n := d.below(35)
	if n < 32 {
		n = min(n, len(d.data))
		s := string(d.data[:n])
		d.data = d.data[n:]
		return s
	}
	around := [...]int{maxTagValue, 127, 2000}[n-32]
	return strings.Repeat("é", around/2) + strings.Repeat("x", d.below(4))
}

func (d *dice) time() time.Time { return time.Unix(int64(int32(d.uint64())), int64(int32(d.uint64()))) }

// many returns 0 to 3, and now and then more than a short list takes.
func (d *dice) many() int {
	if n := d.below(9); n < 8 {
		return n / 2
	}
	return compactShortList + d.below(4)
}

// newTracers returns tracers of each kind that makes spans of a kind of its own.
func newTracers() []opentracing.Tracer {
	var tracers []opentracing.Tracer
	for _, options := range [][]jaeger.TracerOption{
		nil,
		{jaeger.TracerOptions.Gen128Bit(true)},
		{jaeger.TracerOptions.MaxLogsPerSpan(3)},
		{jaeger.TracerOptions.ZipkinSharedRPCSpan(true)},
	} {
		tr, _ := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), jaeger.NewNullReporter(), options...)
		tracers = append(tracers, tr)
	}
	return tracers
}

// span makes a finished span with some of everything that a span can have.
func (d *dice) span(tracers []opentracing.Tracer) *jaeger.Span {
	tr := tracers[d.below(len(tracers))]
	options := []opentracing.StartSpanOption{opentracing.StartTime(d.time())}
	for range d.many() {
		options = append(options, opentracing.SpanReference{
			Type: opentracing.SpanReferenceType(d.below(4)), ReferencedContext: d.context(tr),
		})
	}
	if d.below(8) == 7 {
		options = append(options, jaeger.SelfRef(d.context(tr)))
	}
	if d.below(2) == 1 {
		options = append(options, opentracing.Tags{"span.kind": "server", d.text(): d.value()})
	}
	span := tr.StartSpan(d.text(), options...).(*jaeger.Span)
	if d.below(8) == 7 {
		jaeger.EnableFirehose(span)
	}
	for range d.many() {
		span.SetTag(d.text(), d.value())
	}
	for range d.many() {
		span.LogFields(d.fields(0)...)
	}
	finish := opentracing.FinishOptions{FinishTime: d.time()}
	for range d.many() {
		finish.LogRecords = append(finish.LogRecords, opentracing.LogRecord{Timestamp: d.time(), Fields: d.fields(0)})
	}
	span.FinishWithOptions(finish)
	return span
}

func (d *dice) context(tr opentracing.Tracer) jaeger.SpanContext {
	switch d.below(3) {
	case 0:
		return tr.StartSpan("parent").Context().(jaeger.SpanContext)
	case 1:
		return jaeger.NewSpanContext(jaeger.TraceID{}, 0, 0, true, map[string]string{"only": "baggage"})
	default:
		return jaeger.NewSpanContext(jaeger.TraceID{High: d.uint64(), Low: d.uint64()},
			jaeger.SpanID(d.uint64()), jaeger.SpanID(d.uint64()), true, nil)
	}
}

// value is any of values.
func (d *dice) value() any {
	v := values(d.text(), d.uint64(), d.float64())
	return v[d.below(len(v))]
}

func (d *dice) fields(depth int) []log.Field {
	fields := make([]log.Field, d.many())
	for i := range fields {
		fields[i] = d.field(depth)
	}
	return fields
}

func (d *dice) field(depth int) log.Field {
	key, n := d.text(), d.uint64()
	switch d.below(15) {
	case 0:
		return log.String(key, d.text())
	case 1:
		return log.Bool(key, n%2 == 0)
	case 2:
		return log.Int(key, int(n))
	case 3:
		return log.Int32(key, int32(n))
	case 4:
		return log.Int64(key, int64(n))
	case 5:
		return log.Uint32(key, uint32(n))
	case 6:
		return log.Uint64(key, n)
	case 7:
		return log.Float32(key, float32(d.float64()))
	case 8:
		return log.Float64(key, d.float64())
	case 9:
		return log.Error(errors.New(d.text()))
	case 10:
		return log.Error(nil)
	case 11:
		return log.Noop()
	case 12:
		if depth < 2 {
			inner := d.fields(depth + 1)
			return log.Lazy(func(enc log.Encoder) {
				for _, f := range inner {
					f.Marshal(enc)
				}
			})
		}
		return log.Message(key)
	default:
		return log.Object(key, d.value())
	}
}
