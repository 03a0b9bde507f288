package trace

import "fmt"

// DecodeOutlines is DecodeTraces for the ledger, in a fifth of the time. Of each trace it
// reads only ids, references, the tag span.kind, and each process's service and tag
// client-uuid. Everything else is skipped without a check that it is well formed. data
// is not retained.
func DecodeOutlines(data []byte) ([]Trace, []ResponseError, error) {
	d := outlines{scanner: scanner{data: data}}
	d.object(func(key []byte) {
		switch string(key) {
		case "data":
			d.array(d.trace)
		case "errors":
			d.array(d.responseError)
		}
	})
	if d.err != nil {
		return nil, d.errs, fmt.Errorf("decode traces: %w", d.err)
	}
	return d.traces, d.errs, nil
}

// outlines is a decoder of Jaeger's JSON, see json.go for its form.
type outlines struct {
	scanner
	traces []Trace
	errs   []ResponseError
	// Of the current trace: the ids of the spans' processes, which follow the spans, and
	// the processes.
	processIDs []string
	processes  map[string]*Process
}

func (d *outlines) responseError() {
	var e ResponseError
	d.object(func(key []byte) {
		switch string(key) {
		case "msg":
			e.Msg = d.text()
		case "traceID":
			e.TraceID = d.text()
		}
	})
	d.errs = append(d.errs, e)
}

func (d *outlines) trace() {
	var t Trace
	d.processIDs = d.processIDs[:0]
	d.processes = make(map[string]*Process)
	d.object(func(key []byte) {
		switch string(key) {
		case "traceID":
			t.ID = d.traceID()
		case "spans":
			d.array(func() { d.span(&t) })
		case "processes":
			d.object(func(id []byte) { d.process(string(id)) })
		}
	})
	for i, id := range d.processIDs {
		t.Spans[i].Process = d.processes[id]
	}
	d.traces = append(d.traces, t)
}

func (d *outlines) span(t *Trace) {
	var s Span
	var processID string
	var parent SpanID
	d.object(func(key []byte) {
		switch string(key) {
		case "traceID":
			s.TraceID = d.traceID()
		case "spanID":
			s.SpanID = d.spanID()
		case "parentSpanID":
			parent = d.spanID()
		case "processID":
			processID = d.text()
		case "references":
			d.array(func() { s.References = append(s.References, d.reference()) })
		case "tags":
			s.Tags = d.tag("span.kind")
		}
	})
	s.addParent(parent)
	d.processIDs = append(d.processIDs, processID)
	t.Spans = append(t.Spans, s)
}

func (d *outlines) reference() (ref Reference) {
	d.object(func(key []byte) {
		switch string(key) {
		case "refType":
			ref.Type = refType(string(d.raw()))
		case "traceID":
			ref.TraceID = d.traceID()
		case "spanID":
			ref.SpanID = d.spanID()
		}
	})
	return ref
}

func (d *outlines) process(id string) {
	p := &Process{}
	d.processes[id] = p
	d.object(func(key []byte) {
		switch string(key) {
		case "serviceName":
			p.Service = d.text()
		case "tags":
			p.Tags = d.tag("client-uuid")
		}
	})
}

// tag reads a list of tags and returns the one with that key, if its value is a
// string.
func (d *outlines) tag(wanted string) (found []Tag) {
	d.array(func() {
		var match bool
		var value scanner // at the value; the key may follow it
		d.object(func(key []byte) {
			switch string(key) {
			case "key":
				match = string(d.raw()) == wanted
			case "value":
				value = d.scanner
			}
		})
		if match && found == nil && value.peek() == '"' {
			found = []Tag{{Key: wanted, Value: String(value.text())}}
			if value.err != nil {
				d.fail(value.err)
			}
		}
	})
	return found
}

func (d *outlines) traceID() TraceID {
	id, err := ParseTraceID(string(d.raw()))
	if err != nil {
		d.fail(err)
	}
	return id
}

func (d *outlines) spanID() SpanID {
	id, err := ParseSpanID(string(d.raw()))
	if err != nil {
		d.fail(err)
	}
	return id
}
