package compare

import (
	"regexp"
	"strings"
)

// note explains a difference between jaeger-client-go and the OpenTelemetry SDK behind
// its OpenTracing bridge: its cause, and what to do.
type note struct {
	// id is a pattern as in Ignore.
	id string
	// fits, if not nil, must return true for the difference.
	fits func(d *Difference) bool
	text string
}

// notes are of jaeger-client-go 2.30.0 and go.opentelemetry.io/otel/bridge/opentracing
// 1.45.0; docs/migrating-to-opentelemetry.md has them, too.
func notes() []note {
	isLost := func(d *Difference) bool { return d.Change == Lost }
	follows := func(d *Difference) bool { return strings.HasSuffix(d.From, onlyFollows) }
	return []note{
		{"span", follows, "a span with FollowsFrom and without ChildOf begins a new trace: make it ChildOf"},
		{"span", isLost, "its service supports none of the headers sent (--propagation jaeger,w3c sends both), or the span did not arrive"},
		{"kind", nil, "the bridge reads span.kind only when the span starts: pass it to StartSpan"},
		{"parent", nil, "client and server have no propagation format in common: see tracer:headers"},
		{"tag:sampler.*", isLost, "jaeger-client-go sets its sampler on the first span; OpenTelemetry has no such attribute"},
		{"tag:otel.scope.*", nil, "OpenTelemetry's name of the library that made the span"},
		{"tag", isTruncated, "jaeger-client-go truncates strings to 256 bytes; OpenTelemetry does not, unless OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT is set"},
		{"tag", isText, "the bridge converts unsigned integers to strings: set an int64"},
		{"log:baggage", isLost, "jaeger-client-go logs baggage when it is set; the bridge does not, but propagates the item too"},
		{"trace-id", nil, "set trace_id_128bit first, so that ids keep their length in logs and URLs"},
		{"process", isLost, "jaeger-client-go's name; searches and alerts on it must be rewritten"},
		{"process", nil, "OpenTelemetry's resource"},
		{"tracer:headers", nil, "use both formats on both sides while the services migrate: --propagation jaeger,w3c"},
		{"tracer:reads-jaeger", nil, "traces of callers that have not migrated break here: --propagation jaeger,w3c"},
		{"tracer:reads-w3c", nil, "traces of callers that have migrated break at services that have not: --propagation jaeger,w3c there"},
		{"tracer:reads-b3", nil, "--propagation supports b3 as well"},
		{"tracer:baggage", nil, "jaeger-client-go sends a header for each baggage key, which loses the key's case; the baggage header keeps it"},
		{"tracer:binary", nil, "inject into opentracing.TextMap"},
		{"tracer:follows-from", nil, "make such spans ChildOf before the migration"},
		{"tracer:jaeger-debug-id", nil, "OpenTelemetry has no such header: use your own sampler, or tail sampling in the Collector"},
		{"tracer:sampling-priority-0", nil, "OpenTelemetry decides when the span starts, and has no such tag: drop by a sampler or in the Collector"},
		{"tracer:sampling-priority-1", nil, "OpenTelemetry decides when the span starts, and has no such tag: keep by a sampler or in the Collector"},
	}
}

// isTruncated reports whether one text is the beginning of the other.
func isTruncated(d *Difference) bool {
	short := strings.TrimSuffix(d.From, `"`)
	return len(short) > 100 && strings.HasPrefix(d.To, short)
}

func isText(d *Difference) bool {
	return regexp.MustCompile(`^\d+$`).MatchString(d.From) && d.To == `"`+d.From+`"`
}

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
