// Package sample makes the traces that the page is tried with. Start at Large.
package sample

import (
	"fmt"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// maker adds spans to a trace.
type maker struct {
	trace trace.Trace
	start time.Time
	// services are shared by the spans of each.
	services map[string]*trace.Process
}

func newMaker(id trace.TraceID, start time.Time) *maker {
	return &maker{trace.Trace{ID: id}, start, make(map[string]*trace.Process)}
}

// add appends a span and returns its id; offset and length are microseconds. A
// parent of 0 makes a root.
func (m *maker) add(parent trace.SpanID, service, operation string, offset, length int, tags ...trace.Tag) trace.SpanID {
	p := m.services[service]
	if p == nil {
		p = &trace.Process{Service: service, Tags: []trace.Tag{{Key: "hostname", Value: trace.String(service + "-1")}}}
		m.services[service] = p
	}
	id := trace.SpanID(len(m.trace.Spans) + 1)
	span := trace.Span{
		TraceID: m.trace.ID, SpanID: id, Operation: operation, Flags: 1, Process: p, Tags: tags,
		Start:    m.start.Add(time.Duration(offset) * time.Microsecond),
		Duration: time.Duration(length) * time.Microsecond,
	}
	if parent != 0 {
		span.References = []trace.Reference{{Type: trace.ChildOf, TraceID: m.trace.ID, SpanID: parent}}
	}
	m.trace.Spans = append(m.trace.Spans, span)
	return id
}

// log adds a log to a span.
func (m *maker) log(id trace.SpanID, offset int, fields ...trace.Tag) {
	s := &m.trace.Spans[id-1]
	s.Logs = append(s.Logs, trace.Log{Time: m.start.Add(time.Duration(offset) * time.Microsecond), Fields: fields})
}

func text(key, value string) trace.Tag { return trace.Tag{Key: key, Value: trace.String(value)} }

func kind(value string) trace.Tag { return text("span.kind", value) }

func failed() trace.Tag { return trace.Tag{Key: "error", Value: trace.Bool(true)} }

// Large returns a trace of so many spans in so many services: each span has up to
// ten children, and one in fifty failed.
func Large(id trace.TraceID, start time.Time, spans, services int) trace.Trace {
	const width, second = 10, 1_000_000
	m := newMaker(id, start)
	for i := range spans {
		parent, offset, length := 0, 0, second
		for at := i; at > 0; at = (at - 1) / width { // the way up to the root
			offset += ((at - 1) % width) * length / 200
			length = length * 9 / 10
			if parent == 0 {
				parent = (at-1)/width + 1
			}
		}
		tags := []trace.Tag{{Key: "number", Value: trace.Int64(int64(i))}}
		if i%50 == 49 {
			tags = append(tags, failed())
		}
		m.add(trace.SpanID(parent), fmt.Sprintf("service-%03d", i%services), fmt.Sprintf("operation %d", i), offset, length, tags...)
	}
	return m.trace
}

// Hostile has values that want to be more than text.
const (
	// Markup runs a script wherever it is taken for HTML.
	Markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	// RightToLeft turns the text that follows around, unless it is isolated.
	RightToLeft = "\u202egnp.exe"
	// Control has a bell, an escape sequence and a null.
	Control = "bell\a escape\x1b[31mred\x1b[0m null\x00end"
	// LongSize is the length of a value that begins with "long".
	LongSize = 100_000
)

// Hostile returns a trace whose every text is hostile.
func Hostile(id trace.TraceID, start time.Time) trace.Trace {
	m := newMaker(id, start)
	root := m.add(0, "shop "+Markup, "GET "+Markup, 0, 1000,
		text("markup", Markup), text("turned", RightToLeft), text("control", Control),
		text("long", "long"+strings.Repeat("x", LongSize-4)),
		text(Markup, "key"), text("link", "javascript:document.title='owned'"))
	m.log(root, 10, text("event", Markup), text("message", RightToLeft))
	m.add(root, "shop "+RightToLeft, Control, 100, 500)
	return m.trace
}

// From these milliseconds on, a slower payment was tried twice, and the parent of a
// span was lost.
const (
	retried = 40
	lossy   = 100
)

// Shop returns a request to a shop: ten services, logs, and a reference to a span
// that is not a parent. slower makes the payment take that many milliseconds more;
// with 40 it fails first, with 100 the trace has an orphan.
func Shop(id trace.TraceID, start time.Time, slower int) trace.Trace {
	m := newMaker(id, start)
	more := slower * 1000
	root := m.add(0, "web", "GET /checkout", 0, 184_000+more, kind("server"),
		text("http.method", "GET"), text("http.url", "https://shop.example/checkout?basket=7"),
		trace.Tag{Key: "http.status_code", Value: trace.Int64(200)}, trace.Tag{Key: "cache.hit", Value: trace.Bool(false)})
	m.log(root, 2_000, text("event", "session found"), text("user", "Łucja"))
	basket := m.add(root, "basket", "load basket", 4_000, 31_000, kind("server"), trace.Tag{Key: "items", Value: trace.Int64(3)})
	m.add(basket, "redis", "GET basket:7", 6_000, 3_000, text("db.type", "redis"))
	for i := range 3 {
		m.add(basket, "prices", fmt.Sprintf("price of item %d", i+1), 11_000+i*7_000, 6_500, kind("server"))
	}
	stock := m.add(root, "stock", "reserve items", 37_000, 42_000, kind("server"))
	query := m.add(stock, "mysql", "SELECT stock", 39_000, 14_000, text("db.statement", "SELECT id, count FROM stock WHERE id IN (?, ?, ?)"))
	m.log(query, 41_000, text("event", "waiting for a lock"), trace.Tag{Key: "waited_ms", Value: trace.Int64(6)})
	m.add(stock, "mysql", "UPDATE stock", 55_000, 21_000, text("db.statement", "UPDATE stock SET count = count - 1 WHERE id = ?"))
	payment := m.add(root, "payment", "charge card", 81_000, 84_000+more, kind("server"))
	m.authorize(payment, more, slower >= retried)
	mail := m.add(root, "mail", "send receipt", 167_000+more, 12_000, kind("producer"))
	m.trace.Spans[mail-1].References = append(m.trace.Spans[mail-1].References,
		trace.Reference{Type: trace.FollowsFrom, TraceID: id, SpanID: payment})
	if slower >= lossy {
		mail = 0x5105 // no span has this id
	}
	m.add(mail, "audit", "write entry", 170_000+more, 4_000, kind("consumer"))
	return m.trace
}

// authorize asks the bank, twice when it fails first.
func (m *maker) authorize(payment trace.SpanID, more int, fails bool) {
	begin := 84_000
	if fails {
		first := m.add(payment, "bank", "POST /authorize", begin, 22_000, kind("client"), failed(),
			trace.Tag{Key: "http.status_code", Value: trace.Int64(503)})
		m.log(first, begin+21_000, text("event", "error"), text("message", "upstream is busy"),
			text("stack", "at authorize (bank.js:31)\nat charge (payment.js:12)"))
		begin = 112_000
	}
	m.add(payment, "bank", "POST /authorize", begin, 161_000+more-begin, kind("client"), trace.Tag{Key: "retry", Value: trace.Bool(fails)})
}
