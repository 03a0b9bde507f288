package ledger

import (
	"math"
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// clientTag is the process tag with which jaeger-client-go identifies a tracer.
const clientTag = "client-uuid"

// maxServers bounds the tracers of servers that are distinguished, since a service may
// have one for each request.
const maxServers = 1000

// identifier identifies the tracer of each span of the run's traces: the run's own, a
// server's, or another. It collects the tracers' ids on the way.
type identifier struct {
	service string
	// client is the id of the run's tracer, "" while it is unknown.
	client string
	// servers are the ids of the tracers that answered.
	servers map[string]bool
	spans   map[trace.SpanID]*trace.Span // of the present trace, the first of each id
}

func newIdentifier(service string) *identifier {
	return &identifier{service: service, servers: make(map[string]bool), spans: make(map[trace.SpanID]*trace.Span)}
}

func (o *identifier) observe(t *trace.Trace) observed {
	clear(o.spans)
	for i := range t.Spans {
		s := &t.Spans[i]
		if o.client == "" && s.ParentID() == 0 && s.Service() == o.service {
			o.client = tracerOf(s) // only the run's own calls begin its traces
		}
		if o.spans[s.SpanID] == nil {
			o.spans[s.SpanID] = s
		}
	}
	var found observed
	for i := range t.Spans {
		s := &t.Spans[i]
		if o.spans[s.SpanID] == s {
			o.count(&found, s)
		} else {
			found.duplicates++
		}
	}
	return found
}

func (o *identifier) count(found *observed, s *trace.Span) {
	parent := o.spans[s.ParentID()]
	orphan := parent == nil && s.ParentID() != 0
	if orphan && found.orphans < math.MaxUint16 {
		found.orphans++
	}
	switch {
	case o.isClient(s):
		found.client++
	case parent != nil && o.isClient(parent), orphan && kind(s) == "server":
		found.server++
		if id := tracerOf(s); id != "" && len(o.servers) < maxServers {
			o.servers[id] = true
		}
	default:
		found.others++
	}
}

// isClient reports whether the run's client made s. Where the backend does not store
// the tracer's id, the service's name decides; a server may have the same.
func (o *identifier) isClient(s *trace.Span) bool {
	if id := tracerOf(s); id != "" && o.client != "" {
		return id == o.client
	}
	return s.Service() == o.service && kind(s) != "server"
}

func tracerOf(s *trace.Span) string {
	if s.Process == nil {
		return ""
	}
	i := slices.IndexFunc(s.Process.Tags, func(tag trace.Tag) bool { return tag.Key == clientTag })
	if i < 0 {
		return ""
	}
	return s.Process.Tags[i].Value.String()
}

func kind(s *trace.Span) string {
	v, _ := s.Tag("span.kind")
	return v.String()
}
