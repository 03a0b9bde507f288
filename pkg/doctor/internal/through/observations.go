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

// dateSlack is what a Date header leaves out, and what clocks differ at most that
// nobody tells about.
const dateSlack = time.Second

// answered returns the spans with which the application continued the calls, one
// for each call at least.
func (s *observations) answered(v *session) []trace.Span {
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

// entries returns the names of the application: those on the spans that answered.
func (s *observations) entries(v *session) []string {
	return serviceNames(s.answered(v))
}

func serviceNames(spans []trace.Span) []string {
	var names []string
	for i := range spans {
		names = append(names, spans[i].Service())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// own returns the first spans of the traces that the application began itself,
// but for those of the debug header. Those of other callers at the same time are
// among them: no header tells them apart.
func (s *observations) own(v *session) []trace.Span {
	answered := s.answered(v)
	entries := serviceNames(answered)
	from, to := v.atWork(answered)
	var own []trace.Span
	for _, root := range s.roots() {
		if root.Start.Before(from) || root.Start.After(to) || v.isDebug(&root) {
			continue
		}
		// Without a name, the path tells, or what notes the user agent.
		if slices.Contains(entries, root.Service()) ||
			len(entries) == 0 && (tellsPath(&root, v.url.Path) || tells(&root, v.debugID)) {
			own = append(own, root)
		}
	}
	return own
}

// isDebug reports whether the span began the trace of a debug header of ours.
// There are several when the application redirects.
func (v *session) isDebug(span *trace.Span) bool {
	value, ok := span.Tag(debugHeader)
	return ok && value.String() == v.debugID
}

// atWork is when the application answered, by its own clock: as the spans that
// answered tell, or else its Date headers, to the second.
func (v *session) atWork(answered []trace.Span) (from, to time.Time) {
	if len(answered) > 0 {
		least, most := clockOffset(v, answered)
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

// clockOffset is how far the application's clock is ahead of this one, at least
// and at most: a span that answers a call begins while the call lasts.
func clockOffset(v *session, answered []trace.Span) (least, most time.Duration) {
	first := true
	for _, c := range v.joins {
		for i := range answered {
			if answered[i].ParentID() != c.caller.span {
				continue
			}
			late := answered[i].Start.Sub(c.start)
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

// tells reports whether a tag of the span, such as its user agent, contains id.
func tells(span *trace.Span, id string) bool {
	return slices.ContainsFunc(span.Tags, func(t trace.Tag) bool { return strings.Contains(t.Value.String(), id) })
}

// tellsPath reports whether the span is of a request for path.
func tellsPath(span *trace.Span, path string) bool {
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

// beyond returns the services that continued the traces behind the application.
func (s *observations) beyond(v *session) []string {
	entries := s.entries(v)
	var spans []trace.Span
	for _, t := range s.joined {
		spans = append(spans, t.Spans...)
	}
	return slices.DeleteFunc(serviceNames(spans), func(name string) bool { return slices.Contains(entries, name) })
}

// leastNested is how many traces must begin inside of the application's spans
// before that is no chance.
const leastNested = 3

// strangers returns the services that begin a trace of their own inside of each
// of the application's spans, and seldom elsewhere: the application calls them,
// and does not pass its trace on.
func (s *observations) strangers(v *session) []string {
	outer := append(s.answered(v), s.own(v)...)
	entries := serviceNames(outer)
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
			!slices.Contains(entries, name) && !slices.ContainsFunc(outer, missing) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// within reports whether inner begins while outer lasts. It may end later: an
// answer can be read before its span is finished.
func within(inner, outer trace.Span) bool {
	return !inner.Start.Before(outer.Start) && inner.Start.Before(outer.Start.Add(outer.Duration))
}

// unanswered returns the URLs that the application called, by a client span that
// has no child.
func (s *observations) unanswered(v *session) []string {
	entries := s.entries(v)
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
			if kind.String() == "client" && isHTTP && !parents[span.SpanID] && slices.Contains(entries, span.Service()) {
				urls = append(urls, probe.BareText(target.String()))
			}
		}
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}
