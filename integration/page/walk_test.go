package page

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// A trace made by "otdemo call" is searched for, found, opened, expanded and gone
// back from; the link that call printed opens it as well.
func TestFindAndOpen(t *testing.T) {
	t.Parallel()
	s := backend(t)
	link := s.call(t)
	v := open(t, s.url, "/search?service=otdemo-client")
	v.sees("1 trace")
	v.click("button", "^Find traces$")
	v.click("link", "^otdemo-client: ")
	v.at("^/trace/[0-9a-f]+$")
	tree := v.one("treegrid", "")
	if tree.Name == "" {
		t.Error("the tree of spans has no name")
	}
	v.one("row", "otdemo-client.*HTTP GET")
	v.one("row", "otdemo-server")

	v.becomes("row", "HTTP Client|call", "expanded", "true")
	v.click("button", "^Hide 5 spans below$")
	v.one("button", "^Show 5 spans below$")
	if rows := v.all("row", "otdemo-server"); len(rows) != 0 {
		t.Errorf("collapsed, and %d rows of the server are there", len(rows))
	}
	v.click("button", "^Show 5 spans below$")
	v.click("row", "otdemo-server HTTP GET /gettime|otdemo-server.*gettime")
	v.one("cell", "^/gettime$|gettime")

	v.must(v.Back())
	v.at(`^/search\?service=otdemo-client`)
	v.one("link", "^otdemo-client: ")

	v.must(v.Go(link))
	v.one("row", "otdemo-server")
}

// Two traces that were picked in the list are compared, by our link and by Jaeger
// UI's.
func TestCompare(t *testing.T) {
	t.Parallel()
	s := backend(t)
	a, b := trace.TraceID{Low: 0xa1}, trace.TraceID{Low: 0xb2}
	s.send(t, sample.Shop(a, time.Now().Add(-time.Minute), 0))
	s.send(t, sample.Shop(b, time.Now().Add(-time.Second), 120))
	v := open(t, s.url, "/search?service=web")
	v.click("checkbox", "^Compare web: GET /checkout, 0*a1$")
	v.click("checkbox", "^Compare web: GET /checkout, 0*b2$")
	v.click("link", `^Compare \S+ with \S+$`)
	v.at("^/compare")
	v.sees("charge card", "184ms", "304ms")

	v.visit("/trace/" + a.String() + "..." + b.String())
	v.sees("charge card", "184ms", "304ms")
}

// Links that were made for Jaeger UI work.
func TestDeepLinks(t *testing.T) {
	t.Parallel()
	s := backend(t)
	id := trace.TraceID{High: 0x1f, Low: 0xa1}
	s.send(t, sample.Shop(id, time.Now().Add(-time.Minute), 0))
	v := open(t, s.url, "/trace/"+id.String()+"?uiFind=reserve")
	v.one("row", "reserve items")
	v.sees("1 match")
	// as it was written without leading zeros, and with an operation, tags as JSON,
	// durations and a limit
	v.visit("/trace/" + strings.TrimLeft(id.String(), "0"))
	v.one("row", "charge card")
	v.visit(`/search?service=payment&operation=charge%20card&tags=%7B%22span.kind%22%3A%22server%22%7D` +
		`&minDuration=1ms&maxDuration=10s&lookback=1h&limit=20&end=` + micros(time.Now()) + `&start=` + micros(time.Now().Add(-time.Hour)))
	v.sees("1 trace")
	v.one("link", "^web: GET /checkout$")
	v.visit(`/search?service=payment&tags=%7B%22span.kind%22%3A%22nobody%22%7D`)
	v.sees("No traces found")
	v.visit("/dependencies")
	v.sees("payment")
}

func micros(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }

// With live refresh a new trace shows by itself.
func TestLive(t *testing.T) {
	t.Parallel()
	s := backend(t)
	s.send(t, sample.Shop(trace.TraceID{Low: 1}, time.Now(), 0))
	v := open(t, s.url, "/search?service=web")
	v.sees("1 trace")
	v.click("checkbox", "^Live$")
	v.at("live=1")
	v.must(v.Evaluate("document.activeElement.blur()", nil))
	s.send(t, sample.Shop(trace.TraceID{Low: 2}, time.Now(), 0))
	v.sees("2 traces")
}
