package page

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The whole way, from a search to a span's tags and back, with the keyboard alone.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := backend(t)
	id := trace.TraceID{Low: 0xa1}
	s.send(t, sample.Shop(id, time.Now().Add(-time.Minute), 0))
	s.send(t, sample.Shop(trace.TraceID{Low: 0xb2}, time.Now().Add(-time.Second), 120))
	v := open(t, s.url, "/search")
	v.sees("2 traces")

	v.press("/")
	v.focusOn("combobox", "^Service$")
	v.press(kb.End) // to web, the last one
	v.tabTo("button", "^Find traces$")
	v.press(kb.Enter)
	v.at(`^/search\?service=web`)
	v.sees("2 traces")

	v.tabTo("checkbox", "^Compare web")
	v.press(" ")
	v.press(kb.ArrowDown)
	v.focusOn("link", "^web: GET /checkout$")
	v.press(kb.Enter)
	v.at("^/trace/0*a1") // the second: the newest is the first
	v.tabTo("row", "GET /checkout")
	v.press(kb.ArrowDown)
	v.focusOn("row", "load basket")
	v.becomes("row", "load basket", "expanded", "true")
	v.press(kb.ArrowLeft)
	v.becomes("row", "load basket", "expanded", "false")
	if rows := v.all("row", "price of item"); len(rows) != 0 {
		t.Errorf("collapsed, and %d rows below are there", len(rows))
	}
	v.press(kb.ArrowRight)
	v.becomes("row", "load basket", "expanded", "true")
	v.press(kb.ArrowRight)
	v.focusOn("row", "GET basket:7")
	v.press(kb.Enter)
	v.sees("redis: GET basket:7", "db.type")
	v.press(kb.End)
	v.focusOn("row", "write entry")
	v.press(kb.Home)
	v.focusOn("row", "GET /checkout")

	pressed := v.one("button", "Critical path").States["pressed"]
	v.press("c")
	until(t, viewTimeout, "the critical path is turned", func() bool {
		return v.one("button", "Critical path").States["pressed"] != pressed
	})
	v.press("+")
	v.at("from=")
	v.press("0")
	v.at("^[^=]*(span=[^&]*)?$")
	v.press("/")
	v.focusOn("searchbox", ".")
	v.press("authorize" + kb.Enter)
	v.sees("1 match")
	v.at("uiFind=authorize")
	v.must(v.Back())
	v.at(`^/search\?service=web`)
	// Whoever comes back finds the trace that was opened.
	v.focusOn("link", "^web: GET /checkout$")
}
