package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

// The aspects. The text after the colon is a span's operation, a tag's key, a
// log's event or a trait.
const (
	aspectSpan      = "span"
	aspectService   = "service"
	aspectOperation = "operation"
	aspectParent    = "parent"
	aspectReference = "reference"
	aspectKind      = "kind"
	aspectStatus    = "status"
	aspectTime      = "time"
	aspectTag       = "tag"
	aspectLog       = "log"
	aspectProcess   = "process"
	aspectTracer    = "tracer"
	// traceID is about the trace as a whole.
	traceID = "trace-id"
)

func rank(id string) int {
	aspect, _, _ := strings.Cut(id, ":")
	order := []string{
		aspectSpan, aspectService, aspectOperation, aspectParent, aspectReference, aspectKind, aspectStatus,
		aspectTime, aspectTag, aspectLog, traceID, aspectProcess, aspectTracer,
	}
	return slices.Index(order, aspect)
}

// differences collects differences: an equal one on several spans is one.
type differences struct {
	list []Difference
	// ids has one for each place where something differs.
	ids []string
}

func (d *differences) sorted() []Difference {
	slices.SortStableFunc(d.list, func(a, b Difference) int { return cmp.Compare(rank(a.ID), rank(b.ID)) })
	return d.list
}

// add records that the sides have from and to; an empty one means that a side has
// nothing. where is a span's label, or "".
func (d *differences) add(aspect, about, from, to, where string) {
	change := Changed
	switch {
	case to == "":
		change = Lost
	case from == "":
		change = Added
	}
	d.note(aspect+":"+about, change, from, to, where)
}

func (d *differences) note(id string, change Change, from, to, where string) {
	d.ids = append(d.ids, id)
	i := slices.IndexFunc(d.list, func(old Difference) bool {
		return old.ID == id && old.Change == change && old.From == from && old.To == to
	})
	if i < 0 {
		i = len(d.list)
		d.list = append(d.list, Difference{ID: id, Change: change, From: from, To: to})
	}
	if where != "" && !slices.Contains(d.list[i].Spans, where) {
		d.list[i].Spans = append(d.list[i].Spans, where)
	}
}

func (d *differences) trace(from, to *trace.Trace) {
	if a, b := bits(from.ID), bits(to.ID); a != b {
		d.note(traceID, Changed, a, b, "")
	}
}

// bits returns the length of an id. One in 2^64 ids of 128 bits looks shorter.
func bits(id trace.TraceID) string {
	if id.High == 0 {
		return "64 bits"
	}
	return "128 bits"
}

func (d *differences) pair(p pair) {
	switch {
	case p.to == nil:
		d.add(aspectSpan, p.from.Span.Operation, described(p.from.Span), "", "")
		return
	case p.from == nil:
		d.add(aspectSpan, p.to.Span.Operation, "", described(p.to.Span), "")
		return
	}
	from, to := p.from.Span, p.to.Span
	where := Label(from)
	about := func(aspect, a, b string) {
		if a != b {
			d.note(aspect+":"+from.Operation, Changed, a, b, where)
		}
	}
	about(aspectService, from.Service(), to.Service())
	about(aspectOperation, from.Operation, to.Operation)
	if p.moved || p.from.Orphan != p.to.Orphan {
		from, to := parentOf(p.from), parentOf(p.to)
		if from == to {
			to = "another " + to
		}
		about(aspectParent, from, to)
	} else {
		about(aspectTime, shapeOf(p.from), shapeOf(p.to))
	}
	about(aspectReference, referencesOf(from), referencesOf(to))
	about(aspectKind, kindOf(from), kindOf(to))
	about(aspectStatus, statusOf(from), statusOf(to))
	d.tags(aspectTag, from.Tags, to.Tags, where)
	d.logs(from, to, where)
}

// onlyFollows is added to the label of a span that only follows from another.
const onlyFollows = " (FOLLOWS_FROM)"

func described(s *trace.Span) string {
	if referencesOf(s) == trace.FollowsFrom.String() {
		return Label(s) + onlyFollows
	}
	return Label(s)
}

func parentOf(n *trace.Node) string {
	switch {
	case n.Orphan:
		return "a span that is not in the trace"
	case n.Parent == nil:
		return "none"
	default:
		return Label(n.Parent.Span)
	}
}

// shapeOf returns when a span starts, relative to its parent. Ends are not compared:
// whether a server's span ends before its client has the response is random.
func shapeOf(n *trace.Node) string {
	above := n.Parent
	switch {
	case above == nil:
		return "has no parent"
	case n.Span.Start.Before(above.Span.Start):
		return "starts before its parent"
	case n.Span.Start.After(above.Span.Start.Add(above.Span.Duration)):
		return "starts after its parent's end"
	default:
		return "starts within its parent"
	}
}

// referencesOf lists how a span refers to others, such as "CHILD_OF, FOLLOWS_FROM".
func referencesOf(s *trace.Span) string {
	var types []string
	for _, ref := range s.References {
		types = append(types, ref.Type.String())
	}
	if types == nil {
		return "none"
	}
	return strings.Join(types, ", ")
}

// internal is OpenTelemetry's kind of a span that has none in OpenTracing.
const internal = "internal"

func kindOf(s *trace.Span) string {
	kind, _ := s.Tag("span.kind")
	return cmp.Or(kind.String(), internal)
}

// statusOf is OpenTelemetry's status: OpenTracing has an error or nothing.
func statusOf(s *trace.Span) string {
	if s.Failed() {
		return "error"
	}
	if code, ok := s.Tag("otel.status_code"); ok {
		return strings.ToLower(code.String())
	}
	return "unset"
}

// ofAspect reports whether a tag is compared as kind or status, or is the backend's own:
// Jaeger 1 records the format in which a span arrived.
func ofAspect(tag trace.Tag) bool {
	switch tag.Key {
	case "span.kind", "otel.status_code", "internal.span.format":
		return true
	case "error":
		return tag.Value.String() == "true"
	}
	return false
}

// ofInstance reports whether a tag differs between any two tracers, even of the same
// kind: only its presence is compared.
func ofInstance(key string) bool {
	return key == "client-uuid" || key == "service.instance.id"
}

func mask(text string) string {
	if text == "" {
		return ""
	}
	return "a unique value"
}

func (d *differences) tags(aspect string, from, to []trace.Tag, where string) {
	a, b := byKey(from), byKey(to)
	keys := slices.Sorted(maps.Keys(a))
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if a[key] == nil {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		x, y := textsOf(a[key]), textsOf(b[key])
		if x == y && x != "" {
			x, y = typedTexts(a[key]), typedTexts(b[key])
		}
		if ofInstance(key) {
			x, y = mask(x), mask(y)
		}
		if x != y {
			d.add(aspect, key, x, y, where)
		}
	}
}

// byKey returns the values of each key, of which there may be several.
func byKey(tags []trace.Tag) map[string][]trace.Value {
	values := make(map[string][]trace.Value)
	for _, tag := range tags {
		if !ofAspect(tag) {
			values[tag.Key] = append(values[tag.Key], tag.Value)
		}
	}
	return values
}

func textsOf(values []trace.Value) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = strconv.Quote(v.String())
		if v.Kind() != trace.KindString {
			texts[i] = v.String()
		}
	}
	return strings.Join(texts, ", ")
}

func typedTexts(values []trace.Value) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf("%s (%s)", textsOf(values[i:i+1]), v.Kind())
	}
	return strings.Join(texts, ", ")
}

// Label returns a span's service and operation.
func Label(s *trace.Span) string { return strings.TrimSpace(s.Service() + " " + s.Operation) }
