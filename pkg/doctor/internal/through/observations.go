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

// continuations returns the spans with which the application continued the
// calls, at least one for each call.
func (s *observations) continuations(v *session) []trace.Span {
	var spans []trace.Span
	for _, c := range v.joins {
		for _, t := range []trace.Trace{s.joined[c.name], s.cut[c.name]} {
			for i := range t.Spans {
				if t.Spans[i].ParentID() == c.caller.span {
					spans = append(spans, t.Spans[i])
				}
			}
		}
	}
	return spans
}

// entryServices returns the names of the application: those on the spans that
// continue the calls.
func (s *observations) entryServices(v *session) []string {
	return serviceNames(s.continuations(v))
}

func serviceNames(spans []trace.Span) []string {
	var names []string
	for i := range spans {
		names = append(names, spans[i].Service())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ownRoots returns the root spans of the traces that the application started
// itself, except those of the debug header. Traces of other callers at the same
// time are included: no header distinguishes them.
func (s *observations) ownRoots(v *session) []trace.Span {
	continued := s.continuations(v)
	services := serviceNames(continued)
	from, to := v.activeWindow(continued)
	var roots []trace.Span
	for _, root := range s.roots() {
		if root.Start.Before(from) || root.Start.After(to) || v.isDebug(&root) {
			continue
		}
		// Without a service name, the path or the recorded user agent
		// identifies it.
		if slices.Contains(services, root.Service()) ||
			len(services) == 0 && (isForPath(&root, v.url.Path) || hasTag(&root, v.debugID)) {
			roots = append(roots, root)
		}
	}
	return roots
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
func (v *session) activeWindow(continued []trace.Span) (from, to time.Time) {
	if len(continued) > 0 {
		least, most := clockOffset(v, continued)
		return v.start.Add(least - clockSlack), v.end.Add(most + clockSlack)
	}
	from, to = v.start.Add(-dateSlack), v.end.Add(dateSlack)
	if first := v.plain[0]; !first.date.IsZero() {
		offset := first.date.Sub(first.start.Add(first.took))
		from, to = v.start.Add(offset-clockSlack), v.end.Add(offset+first.took+dateSlack)
	}
	return from, to
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

// clockOffset returns how far the application's clock is ahead of this one, at
// least and at most: a span that continues a call starts while the call lasts.
func clockOffset(v *session, continued []trace.Span) (least, most time.Duration) {
	first := true
	for _, c := range v.joins {
		for i := range continued {
			if continued[i].ParentID() != c.caller.span {
				continue
			}
			late := continued[i].Start.Sub(c.start)
			if first || late-c.took > least {
				least = late - c.took
			}
			if first || late < most {
				most = late
			}
			first = false
		}
	}
	return least, most
}

// hasTag reports whether a tag of the span, such as its user agent, contains id.
func hasTag(span *trace.Span, id string) bool {
	return slices.ContainsFunc(span.Tags, func(t trace.Tag) bool { return strings.Contains(t.Value.String(), id) })
}

// isForPath reports whether the span is of a request for path.
func isForPath(span *trace.Span, path string) bool {
	for _, key := range []string{"http.url", "http.target", "http.path", "url.path", "url.full"} {
		value, ok := span.Tag(key)
		if !ok {
			continue
		}
		u, err := url.Parse(value.String())
		if err == nil && strings.TrimSuffix(u.Path, "/") == strings.TrimSuffix(path, "/") {
			return true
		}
	}
	return false
}

// downstream returns the services that continued the traces behind the application.
func (s *observations) downstream(v *session) []string {
	services := s.entryServices(v)
	var spans []trace.Span
	for _, t := range s.joined {
		spans = append(spans, t.Spans...)
	}
	return slices.DeleteFunc(serviceNames(spans), func(name string) bool { return slices.Contains(services, name) })
}

// leastNested is how many traces must start during the application's spans
// before that is not a coincidence.
const leastNested = 3

// foreignRoots returns the services that start their own trace during each of
// the application's spans, and rarely otherwise: the application calls them but
// does not propagate its trace.
func (s *observations) foreignRoots(v *session) []string {
	outer := append(s.continuations(v), s.ownRoots(v)...)
	services := serviceNames(outer)
	inside, elsewhere := make(map[string][]trace.Span), make(map[string]int)
	for _, root := range s.roots() {
		if !slices.ContainsFunc(outer, func(o trace.Span) bool { return within(root, o) }) {
			elsewhere[root.Service()]++
			continue
		}
		inside[root.Service()] = append(inside[root.Service()], root)
	}
	var names []string
	for name, roots := range inside {
		missing := func(o trace.Span) bool {
			return !slices.ContainsFunc(roots, func(root trace.Span) bool { return within(root, o) })
		}
		if len(roots) >= leastNested && len(roots) > elsewhere[name] &&
			!slices.Contains(services, name) && !slices.ContainsFunc(outer, missing) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// within reports whether inner starts while outer lasts. It may end later: a
// response can be read before its span is finished.
func within(inner, outer trace.Span) bool {
	return !inner.Start.Before(outer.Start) && inner.Start.Before(outer.Start.Add(outer.Duration))
}

// unansweredCalls returns the URLs that the application called, by client spans
// without a child.
func (s *observations) unansweredCalls(v *session) []string {
	services := s.entryServices(v)
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
