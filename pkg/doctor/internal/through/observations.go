package through

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// clockSlack is what clocks may drift apart meanwhile: they are set in steps.
const clockSlack = 100 * time.Millisecond

// dateSlack is the fraction that a Date header leaves out, and the largest
// clock difference that is assumed.
const dateSlack = time.Second

// observations is what Jaeger shows of a session.
type observations struct {
	*session
	// joined has the traces that the application continued, by the format's name.
	joined map[string]trace.Trace
	// cut has those that it continued under the lower 64 bits of their id.
	cut map[string]trace.Trace
	// keptUnsampled is set if the trace exists that the caller did not sample.
	keptUnsampled bool
	// debugRoot is the first span of a trace of the debug header; it has no ids if
	// there is none.
	debugRoot trace.Span
	// found has the recent traces of each service, those of this session and
	// others.
	found map[string][]trace.Trace
	// unsearched is why found may lack some; nil if it is complete.
	unsearched error
	// first is how long after the last call something was there.
	first time.Duration
}

// continuations returns the spans with which the application continued the
// calls, at least one for each call.
func (s *observations) continuations() []trace.Span {
	var spans []trace.Span
	for _, c := range s.joins {
		spans = append(spans, continued(c, slices.Concat(s.joined[c.name].Spans, s.cut[c.name].Spans))...)
	}
	return spans
}

func continued(c *appCall, spans []trace.Span) []trace.Span {
	return slices.DeleteFunc(slices.Clone(spans), func(span trace.Span) bool { return span.ParentID() != c.caller.span })
}

// entryServices returns the names of the application: those on the spans that
// continue the calls.
func (s *observations) entryServices() []string { return serviceNames(s.continuations()) }

func serviceNames(spans []trace.Span) []string { return (&trace.Trace{Spans: spans}).Services() }

// ownRoots returns the root spans of the traces that the application started
// itself, except those of the debug header. Traces of other callers at the same
// time are included: no header distinguishes them.
func (s *observations) ownRoots() []trace.Span {
	services := s.entryServices()
	from, to := s.activeWindow()
	return slices.DeleteFunc(s.roots(), func(root trace.Span) bool {
		// Without a service name, the path or the recorded user agent
		// identifies it.
		isOwn := slices.Contains(services, root.Service()) ||
			len(services) == 0 && (isForPath(&root, s.url.Path) || hasTag(&root, s.debugID))
		return !isOwn || root.Start.Before(from) || root.Start.After(to) || s.isDebug(&root)
	})
}

// isDebug reports whether the span began the trace of a debug header of ours.
// There are several when the application redirects.
func (v *session) isDebug(span *trace.Span) bool {
	value, ok := span.Tag(debugHeader)
	return ok && value.String() == v.debugID
}

// activeWindow returns when the application handled the calls, by its own
// clock: from the spans that continue them, otherwise from its Date headers, to
// the second.
func (s *observations) activeWindow() (from, to time.Time) {
	if spans := s.continuations(); len(spans) > 0 {
		least, most := s.clockOffset(spans)
		return s.start.Add(least - clockSlack), s.end.Add(most + clockSlack)
	}
	if first := s.plain[0]; !first.date.IsZero() {
		offset := first.date.Sub(first.start.Add(first.took))
		return s.start.Add(offset - clockSlack), s.end.Add(offset + first.took + dateSlack)
	}
	return s.start.Add(-dateSlack), s.end.Add(dateSlack)
}

// clockOffset returns how far the application's clock is ahead of this one, at
// least and at most: a span that continues a call starts while the call lasts.
func (s *observations) clockOffset(spans []trace.Span) (least, most time.Duration) {
	var all, allLess []time.Duration
	for _, c := range s.joins {
		for _, span := range continued(c, spans) {
			late := span.Start.Sub(c.start)
			all, allLess = append(all, late), append(allLess, late-c.took)
		}
	}
	return slices.Max(allLess), slices.Min(all)
}

// roots returns the first spans of all traces found, each once.
func (s *observations) roots() []trace.Span {
	var roots []trace.Span
	known := make(map[trace.SpanID]bool)
	for _, traces := range s.found {
		for _, t := range traces {
			for _, span := range t.Spans {
				if span.ParentID() == 0 && !known[span.SpanID] {
					known[span.SpanID] = true
					roots = append(roots, span)
				}
			}
		}
	}
	return roots
}

// hasTag reports whether a tag of the span, such as its user agent, contains id.
func hasTag(span *trace.Span, id string) bool {
	return slices.ContainsFunc(span.Tags, func(t trace.Tag) bool { return strings.Contains(t.Value.String(), id) })
}

func isForPath(span *trace.Span, path string) bool {
	return slices.ContainsFunc([]string{"http.url", "http.target", "http.path", "url.path", "url.full"}, func(key string) bool {
		value, ok := span.Tag(key)
		u, err := url.Parse(value.String())
		return ok && err == nil && strings.TrimSuffix(u.Path, "/") == strings.TrimSuffix(path, "/")
	})
}

func (s *observations) downstream() []string {
	var spans []trace.Span
	for _, t := range s.joined {
		spans = append(spans, t.Spans...)
	}
	services := s.entryServices()
	return slices.DeleteFunc(serviceNames(spans), func(name string) bool { return slices.Contains(services, name) })
}

// leastNested is how many traces must start during the application's spans
// before that is not a coincidence.
const leastNested = 3

// foreignRoots returns the services that start their own trace during each of
// the application's spans, and rarely otherwise: the application calls them but
// does not propagate its trace.
func (s *observations) foreignRoots() []string {
	outer := append(s.continuations(), s.ownRoots()...)
	roots := s.roots()
	return slices.DeleteFunc(serviceNames(roots), func(name string) bool {
		if slices.Contains(serviceNames(outer), name) {
			return true
		}
		var inside []trace.Span
		elsewhere := 0
		for _, root := range roots {
			switch {
			case root.Service() != name:
			case slices.ContainsFunc(outer, func(o trace.Span) bool { return within(root, o) }):
				inside = append(inside, root)
			default:
				elsewhere++
			}
		}
		lacksOne := slices.ContainsFunc(outer, func(o trace.Span) bool {
			return !slices.ContainsFunc(inside, func(root trace.Span) bool { return within(root, o) })
		})
		return lacksOne || len(inside) < leastNested || len(inside) <= elsewhere
	})
}

// within reports whether inner starts while outer lasts. It may end later: a
// response can be read before its span is finished.
func within(inner, outer trace.Span) bool {
	return !inner.Start.Before(outer.Start) && inner.Start.Before(outer.Start.Add(outer.Duration))
}

// unansweredCalls returns the URLs that the application called, by client spans
// without a child.
func (s *observations) unansweredCalls() []string {
	services := s.entryServices()
	var urls []string
	for _, t := range s.joined {
		parents := make(map[trace.SpanID]bool)
		for i := range t.Spans {
			parents[t.Spans[i].ParentID()] = true
		}
		for i := range t.Spans {
			span := &t.Spans[i]
			kind, _ := span.Tag("span.kind")
			target, isHTTP := span.Tag("http.url")
			if kind.String() == "client" && isHTTP && !parents[span.SpanID] && slices.Contains(services, span.Service()) {
				urls = append(urls, probe.BareText(target.String()))
			}
		}
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}
