package compare

import (
	"regexp"
	"strings"
)

// note is what is known of a difference between jaeger-client-go and the
// OpenTelemetry SDK behind its OpenTracing bridge: why it is there, and what to do.
type note struct {
	// id is a pattern as Ignore takes it.
	id string
	// fits, when it is there, must agree with what the sides have.
	fits func(d *Difference) bool
	text string
}

// notes are of jaeger-client-go 2.30.0 and go.opentelemetry.io/otel/bridge/opentracing
// 1.45.0; docs/migrating-to-opentelemetry.md has them, too.
func notes() []note {
	isLost := func(d *Difference) bool { return d.Change == Lost }
	follows := func(d *Difference) bool { return strings.HasSuffix(d.From, onlyFollows) }
	return []note{
		{"span", follows, "a span with FollowsFrom and without ChildOf begins a trace of its own: make it ChildOf"},
		{"span", isLost, "its service reads none of the headers sent (--propagation jaeger,w3c sends both), or the span did not arrive"},
		{"kind", nil, "the bridge takes span.kind only as the span starts: give it to StartSpan"},
		{"parent", nil, "the header formats of the two ends have none in common: see tracer:headers"},
		{"tag:sampler.*", isLost, "jaeger-client-go writes its sampler on the first span; OpenTelemetry has no such attribute"},
		{"tag:otel.scope.*", nil, "OpenTelemetry's name for the library that made the span"},
		{"tag", cut, "jaeger-client-go cuts texts to 256 bytes; OpenTelemetry does not, unless OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT is set"},
		{"tag", spelled, "the bridge makes text of unsigned integers: set an int64"},
		{"log:baggage", isLost, "jaeger-client-go logs baggage as it is set; the bridge does not, the item itself travels on"},
		{"trace-id", nil, "set trace_id_128bit first, so that ids keep their length in logs and links"},
		{"process", isLost, "jaeger-client-go's name; searches and alerts on it must be rewritten"},
		{"process", nil, "OpenTelemetry's resource"},
		{"tracer:headers", nil, "let both ends know both formats while the services move: --propagation jaeger,w3c"},
		{"tracer:reads-jaeger", nil, "callers that have not moved lose their traces here: --propagation jaeger,w3c"},
		{"tracer:reads-w3c", nil, "callers that moved before lose their traces at services that have not: --propagation jaeger,w3c there"},
		{"tracer:reads-b3", nil, "--propagation takes b3 as well"},
		{"tracer:baggage", nil, "uber-trace-id's baggage has a header a key, which loses the key's case; the baggage header keeps it"},
		{"tracer:binary", nil, "inject into opentracing.TextMap"},
		{"tracer:follows-from", nil, "make such spans ChildOf before the move"},
		{"tracer:jaeger-debug-id", nil, "OpenTelemetry has no such header: keep the trace with a sampler of your own, or with tail sampling in the Collector"},
		{"tracer:sampling-priority-0", nil, "OpenTelemetry decides when the span starts, and knows no such tag: drop by a sampler or in the Collector"},
		{"tracer:sampling-priority-1", nil, "OpenTelemetry decides when the span starts, and knows no such tag: keep by a sampler or in the Collector"},
	}
}

// cut reports whether one text is the beginning of the other.
func cut(d *Difference) bool {
	short := strings.TrimSuffix(d.From, `"`)
	return len(short) > 100 && strings.HasPrefix(d.To, short)
}

// spelled reports whether a number became text.
func spelled(d *Difference) bool {
	return regexp.MustCompile(`^\d+$`).MatchString(d.From) && d.To == `"`+d.From+`"`
}

// noteOn returns what is known of a difference, or "".
func noteOn(from, to string, d *Difference) string {
	if from != "jaeger" || to != "otel" {
		return ""
	}
	for _, n := range notes() {
		if NewIgnore([]string{n.id}).match(d.ID) && (n.fits == nil || n.fits(d)) {
			return n.text
		}
	}
	return ""
}
