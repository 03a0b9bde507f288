package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Each view fits a narrow window without a scroll bar for the page, in both themes.
func TestNarrow(t *testing.T) {
	t.Parallel()
	s := backend(t)
	a, b := trace.TraceID{Low: 0xa1}, trace.TraceID{Low: 0xb2}
	s.send(t, sample.Shop(a, time.Now().Add(-time.Minute), 0))
	s.send(t, sample.Shop(b, time.Now(), 90))
	s.send(t, sample.Hostile(trace.TraceID{Low: 0xbad}, time.Now()))
	v := open(t, s.url, "/loss")
	const width = 360
	v.must(v.Resize(width, 640))
	for path, words := range map[string]string{
		"/search":                            "web",
		"/search?service=web":                "web",
		"/trace/" + a.String():               "charge card",
		"/trace/bad":                         "<img",
		"/compare?a=a1&b=b2":                 "charge card",
		"/dependencies":                      "payment",
		"/loss":                              "Store",
		"/trace/" + a.String() + "?span=9":   "charge card",
		"/search?service=web&minDuration=1h": "No traces found",
	} {
		v.visit(path)
		v.sees(words)
		var got int
		v.must(v.Evaluate("document.documentElement.scrollWidth", &got))
		if got > width {
			t.Errorf("%s is %d pixels wide in a window of %d", path, got, width)
		}
	}
}

// What the views consist of has a role and a name, and nothing that can be pressed
// lacks one.
func TestNames(t *testing.T) {
	t.Parallel()
	s := backend(t)
	id := trace.TraceID{Low: 0xa1}
	s.send(t, sample.Shop(id, time.Now(), 0))
	s.send(t, sample.Shop(trace.TraceID{Low: 0xb2}, time.Now(), 0))
	v := open(t, s.url, "/search")
	for _, tt := range []struct {
		path string
		want [][2]string // a role and a name
	}{
		{"/search", [][2]string{
			{"search", "Traces"},
			{"combobox", "^Service$"},
			{"combobox", "^Operation$"},
			{"textbox", "^Tags$"},
			{"textbox", "^Min duration$"},
			{"textbox", "^Max duration$"},
			{"combobox", "^Range$"},
			{"spinbutton", "^Limit$"},
			{"button", "^Find traces$"},
			{"navigation", "^Views$"},
			{"main", ""},
			{"status", ""},
			{"checkbox", "^Live$"},
		}},
		{"/trace/" + id.String(), [][2]string{{"treegrid", "."}, {"row", "charge card"}, {"searchbox", "."}, {"button", "."}, {"heading", "."}}},
		{"/compare?a=a1&b=b2", [][2]string{{"heading", "."}}},
		{"/dependencies", [][2]string{{"heading", "."}}},
		{"/loss", [][2]string{{"heading", "^Loss$"}, {"table", "^Listeners"}, {"button", "^Pause$"}}},
	} {
		v.visit(tt.path)
		for _, want := range tt.want {
			v.one(want[0], want[1])
		}
		for _, role := range []string{"button", "link", "textbox", "combobox", "checkbox", "searchbox", "spinbutton", "slider", "treegrid", "img"} {
			if nameless := v.all(role, "^$"); len(nameless) > 0 {
				t.Errorf("%s: %d of role %s have no name", tt.path, len(nameless), role)
			}
		}
	}
}

// A loss that was really made shows on /loss: datagrams that are none, and traces
// that made room for others.
func TestLoss(t *testing.T) {
	t.Parallel()
	s := backend(t, "--max-memory", "4MiB")
	v := open(t, s.url, "/loss")
	v.sees("No known losses")
	spoil(t, s.addrs["agent-compact"], 3)
	v.sees("Lost since", "3 ")
	for i := range 8 {
		s.sendUnread(t, sample.Large(trace.TraceID{Low: uint64(i + 1)}, time.Now(), 4000, 10))
	}
	v.sees("Evicted to make room")
	var evicted struct {
		Store struct {
			Spans int64 `json:"spans_evicted"`
		} `json:"store"`
	}
	s.read(t, "/api/loss", &evicted)
	if evicted.Store.Spans == 0 {
		t.Fatal("no span made room, so nothing is proven")
	}
	v.visit("/loss")
	v.sees(group(evicted.Store.Spans))
	v.one("cell", "^(. )?3 text|lost: 3")
}

// group prints a number as the page does.
func group(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return group(n/1000) + fmt.Sprintf(",%03d", n%1000)
}
