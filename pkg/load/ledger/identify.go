package ledger

import (
	"math"

	"github.com/otdemo/otdemo/pkg/trace"
)

// clientTag is the process tag by which jaeger-client-go names a tracer.
const clientTag = "client-uuid"

// maxServers bounds the tracers of servers that are told apart, since a service
// may give each request one of its own.
const maxServers = 1000

// observer tells who made the spans of the run's traces. It learns the tracers'
// ids on the way.
type observer struct {
	service string
	// client is the id of the run's tracer, "" while it is not known.
	client string
	// servers are the ids of the tracers that answered.
	servers map[string]bool
	spans   map[trace.SpanID]spanNote // of the present trace
}

type spanNote struct{ own, counted bool }

func newObserver(service, client string) *observer {
	return &observer{
		service: service, client: client,
		servers: make(map[string]bool), spans: make(map[trace.SpanID]spanNote),
	}
}

// look counts the spans of a trace, each once.
func (o *observer) look(t *trace.Trace) seen {
	clear(o.spans)
	for i := range t.Spans {
		if s := &t.Spans[i]; o.client == "" && s.ParentID() == 0 && s.Service() == o.service {
			o.client = tracerOf(s) // only the run's own calls begin its traces
		}
	}
	var found seen
	for i := range t.Spans {
		s := &t.Spans[i]
		if _, twice := o.spans[s.SpanID]; twice {
			found.duplicates++
			continue
		}
		o.spans[s.SpanID] = spanNote{own: o.own(s)}
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		note := o.spans[s.SpanID]
		if note.counted {
			continue
		}
		o.spans[s.SpanID] = spanNote{own: note.own, counted: true}
		o.count(&found, s, note.own)
	}
	return found
}

func (o *observer) count(found *seen, s *trace.Span, own bool) {
	parent, stored := o.spans[s.ParentID()]
	orphan := !stored && s.ParentID() != 0
	if orphan && found.orphans < math.MaxUint16 {
		found.orphans++
	}
	switch {
	case own:
		found.client++
	case parent.own, orphan && kind(s) == "server":
		found.server++
		if id := tracerOf(s); id != "" && len(o.servers) < maxServers {
			o.servers[id] = true
		}
	default:
		found.others++
	}
}

// own reports whether the run's client made s. Where the backend does not tell the
// tracer, it goes by the service's name; a server may have the same.
func (o *observer) own(s *trace.Span) bool {
	if id := tracerOf(s); id != "" && o.client != "" {
		return id == o.client
	}
	return s.Service() == o.service && kind(s) != "server"
}

func tracerOf(s *trace.Span) string {
	if s.Process == nil {
		return ""
	}
	for i := range s.Process.Tags {
		if s.Process.Tags[i].Key == clientTag {
			return s.Process.Tags[i].Value.String()
		}
	}
	return ""
}

func kind(s *trace.Span) string {
	v, _ := s.Tag("span.kind")
	return v.String()
}
