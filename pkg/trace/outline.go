package trace

import (
	"fmt"
)

// DecodeOutlines is DecodeTraces for the ledger, in a fifth of the time. Of each trace it
// reads only ids, references, the tag span.kind, and each process's service and tag
// client-uuid. Everything else is skipped without a check that it is well formed. data
// is not retained.
func DecodeOutlines(data []byte) ([]Trace, []ResponseError, error) {
	d := outlines{scanner: scanner{data: data}}
	err := d.object(func(key []byte) error {
		switch string(key) {
		case "data":
			return d.array(d.trace)
		case "errors":
			return d.array(d.responseError)
		default:
			return d.skip()
		}
	})
	if err != nil {
		return nil, d.errs, fmt.Errorf("decode traces: %w", err)
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

func (d *outlines) responseError() error {
	var e ResponseError
	err := d.object(func(key []byte) (err error) {
		switch string(key) {
		case "msg":
			e.Msg, err = d.text()
		case "traceID":
			e.TraceID, err = d.text()
		default:
			err = d.skip()
		}
		return err
	})
	d.errs = append(d.errs, e)
	return err
}

func (d *outlines) trace() error {
	var t Trace
	d.processIDs = d.processIDs[:0]
	d.processes = make(map[string]*Process)
	err := d.object(func(key []byte) (err error) {
		switch string(key) {
		case "traceID":
			t.ID, err = d.traceID()
		case "spans":
			err = d.array(func() error { return d.span(&t) })
		case "processes":
			err = d.object(func(id []byte) error { return d.process(string(id)) })
		default:
			err = d.skip()
		}
		return err
	})
	for i, id := range d.processIDs {
		t.Spans[i].Process = d.processes[id]
	}
	d.traces = append(d.traces, t)
	return err
}

func (d *outlines) span(t *Trace) error {
	var s Span
	var processID string
	var parent SpanID
	err := d.object(func(key []byte) (err error) {
		switch string(key) {
		case "traceID":
			s.TraceID, err = d.traceID()
		case "spanID":
			s.SpanID, err = d.spanID()
		case "parentSpanID":
			parent, err = d.spanID()
		case "processID":
			processID, err = d.text()
		case "references":
			err = d.array(func() error { return d.reference(&s) })
		case "tags":
			s.Tags, err = d.tag("span.kind")
		default:
			err = d.skip()
		}
		return err
	})
	s.addParent(parent)
	d.processIDs = append(d.processIDs, processID)
	t.Spans = append(t.Spans, s)
	return err
}

func (d *outlines) reference(s *Span) error {
	var ref Reference
	err := d.object(func(key []byte) (err error) {
		switch string(key) {
		case "refType":
			var name string
			if name, err = d.text(); name == FollowsFrom.String() {
				ref.Type = FollowsFrom
			}
		case "traceID":
			ref.TraceID, err = d.traceID()
		case "spanID":
			ref.SpanID, err = d.spanID()
		default:
			err = d.skip()
		}
		return err
	})
	s.References = append(s.References, ref)
	return err
}

func (d *outlines) process(id string) error {
	p := &Process{}
	d.processes[id] = p
	return d.object(func(key []byte) (err error) {
		switch string(key) {
		case "serviceName":
			p.Service, err = d.text()
		case "tags":
			p.Tags, err = d.tag("client-uuid")
		default:
			err = d.skip()
		}
		return err
	})
}

// tag reads a list of tags and returns the one with that key, if its value is a
// string.
func (d *outlines) tag(wanted string) ([]Tag, error) {
	var found []Tag
	err := d.array(func() error {
		var match bool
		var value scanner // at the value; the key may follow it
		err := d.object(func(key []byte) (err error) {
			switch string(key) {
			case "key":
				var name []byte
				name, err = d.raw()
				match = string(name) == wanted
			case "value":
				value = d.scanner
				err = d.skip()
			default:
				err = d.skip()
			}
			return err
		})
		if err != nil || !match || found != nil || value.peek() != '"' {
			return err
		}
		text, err := value.text()
		found = []Tag{{Key: wanted, Value: String(text)}}
		return err
	})
	return found, err
}

func (d *outlines) traceID() (TraceID, error) {
	digits, err := d.raw()
	if err != nil {
		return TraceID{}, err
	}
	return ParseTraceID(string(digits))
}

func (d *outlines) spanID() (SpanID, error) {
	digits, err := d.raw()
	if err != nil {
		return 0, err
	}
	return ParseSpanID(string(digits))
}
