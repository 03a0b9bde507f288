package page

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// badStatus is how the browser notes in the console that a request failed.
const badStatus = "Failed to load resource"

// What is not there, and what ended, is told in words on each view.
func TestFailedRequests(t *testing.T) {
	t.Parallel()
	s := backend(t)
	v := open(t, s.url, "/trace/1f")
	v.forgiven = []string{badStatus}
	v.sees("trace not found", "404")
	v.visit("/trace/nonsense")
	v.sees("nonsense", "400")

	id := trace.TraceID{Low: 0x1f}
	s.send(t, sample.Shop(id, time.Now(), 0))
	v.visit("/search?service=web")
	v.one("link", "^web: GET /checkout$")
	if err := s.program.Stop(); err != nil {
		t.Fatal(err)
	}
	v.click("link", "^web: GET /checkout$")
	v.sees("the server does not respond")
	v.one("button", "^Try again$")
	if alerts := v.all("alert", ""); len(alerts) == 0 {
		t.Error("a screen reader is not told that the trace could not be read")
	}
	for _, view := range []string{"^Search$", "^Services$", "^Loss$"} {
		v.click("link", view)
		v.sees("the server does not respond")
	}
}

// What a Jaeger behind the page answers is shown in its words.
func TestProxyFailure(t *testing.T) {
	t.Parallel()
	status, body := http.StatusInternalServerError, `{"data":null,"errors":[{"code":500,"msg":"no Elasticsearch node available"}]}`
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(far.Close)
	s := proxy(t, far.URL)
	v := open(t, s.url, "/search?service=web")
	v.forgiven = []string{badStatus}
	v.sees("no Elasticsearch node available", "500")
	v.visit("/trace/1f")
	v.sees("no Elasticsearch node available", "500")
	v.visit("/dependencies")
	v.sees("no Elasticsearch node available", "500")
	v.visit("/loss")
	v.sees("This server does not report losses")
	far.Close()
	v.visit("/trace/1f")
	v.sees("does not answer", "502")
}

// proxy starts the page on a Jaeger elsewhere.
func proxy(t *testing.T, target string) *site {
	t.Helper()
	p, addrs := start(t, "all-in-one", "--proxy-query", target, "--query-port", "0")
	return &site{p, addrs, "http://" + addrs["query"]}
}

// Values that want to be more than text are shown as text, on each view.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	s := backend(t)
	id := trace.TraceID{Low: 0xbad}
	s.send(t, sample.Hostile(id, time.Now()))
	v := open(t, s.url, "/search")
	v.sees(sample.Markup)
	v.click("link", "GET <img")
	v.at("^/trace/")
	v.click("row", "GET <img")
	v.sees(sample.Markup, "\u241b[31mred", "null\u2400end", "show all (100 kB)", "javascript:document.title='owned'")
	// The turning character is shown, or shut in an element that isolates it.
	var isolated bool
	v.must(v.Evaluate(`[...document.querySelectorAll("bdi")].some((e) => e.textContent.includes("gnp.exe"))`, &isolated))
	if !isolated {
		t.Error("a value that turns text around is not isolated")
	}
	v.click("button", "show all .100 kB")
	var long int
	v.must(v.Evaluate(`document.body.innerText.match(/longx+/)[0].length`, &long))
	if long != sample.LongSize {
		t.Errorf("the long value shows %d characters, want %d", long, sample.LongSize)
	}
	v.visit("/dependencies")
	v.sees("<img")
	v.visit("/trace/" + id.String() + "..." + id.String())
	v.sees(sample.Markup)
	v.visit("/trace/" + id.String() + "?uiFind=%3Cimg%20src%3Dx%20onerror%3Ddocument.title%3D%27owned%27%3E")
	v.one("row", "GET <img")

	var foreign int
	v.must(v.Evaluate(`document.querySelectorAll("main img, main script, main [href^='javascript:']").length`, &foreign))
	var title string
	v.must(v.Evaluate("document.title", &title))
	if foreign != 0 || title == "owned" {
		t.Errorf("a value became %d elements, and the title is %q", foreign, title)
	}
}
