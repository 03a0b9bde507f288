package trace

import "time"

var t0 = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// sample is the trace of one `otdemo call`: the top-level span, the client's
// request with its two hops, and the server's two answers, the last one failed.
func sample() Trace {
	client := &Process{Service: "otdemo-client", Tags: []Tag{{"client-uuid", String("5f")}, {"pid", Int64(42)}}}
	server := &Process{Service: "otdemo-server"}
	id := TraceID{Low: 0x4d2f}
	span := func(own, parent SpanID, p *Process, op string, at, took time.Duration) Span {
		s := Span{TraceID: id, SpanID: own, Operation: op, Flags: 1, Start: t0.Add(at), Duration: took, Process: p}
		if parent != 0 {
			s.References = []Reference{{Type: ChildOf, TraceID: id, SpanID: parent}}
		}
		return s
	}
	us, ms := time.Microsecond, time.Millisecond
	t := Trace{ID: id, Spans: []Span{
		span(6, 5, server, "HTTP GET /gettime", 1500*us, 300*us),
		span(1, 0, client, "call", 0, 2*ms),
		span(2, 1, client, "HTTP Client", 20*us, 1950*us),
		span(3, 2, client, "HTTP GET", 30*us, 1000*us),
		span(4, 3, server, "HTTP GET /", 600*us, 9*us),
		span(5, 2, client, "HTTP GET", 1100*us, 850*us),
	}}
	t.Spans[0].Tags = []Tag{{"error", Bool(true)}, {"http.status_code", Int64(500)}}
	t.Spans[0].Logs = []Log{{Time: t0.Add(1600 * us), Fields: []Tag{{"event", String("error")}}}}
	return t
}
