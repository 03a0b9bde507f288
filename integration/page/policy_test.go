package page

import (
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Whatever got onto the page by a mistake, it could run nothing, load nothing and
// tell nobody; and the other tests would notice that it tried.
func TestPolicy(t *testing.T) {
	t.Parallel()
	v := open(t, backend(t).url, "/loss")
	const elsewhere = "http://127.0.0.2:9"
	for _, tt := range []struct{ name, try, noted string }{
		{"script in the page", `(() => {
			const script = document.createElement("script");
			script.textContent = "document.title = 'owned'";
			document.body.append(script);
		})()`, "script"},
		{"handler", `(() => {
			const box = document.createElement("div");
			box.innerHTML = "<img src='/static/none.png' onerror='document.title = \"owned\"'>";
			document.body.append(box);
		})()`, "script"},
		{"style", `(() => {
			const box = document.createElement("div");
			box.innerHTML = "<p style='color: red'>red</p>";
			document.body.append(box);
		})()`, "style"},
		{"picture", `new Image().src = "` + elsewhere + `/x.png"`, "img-src"},
		{"request", `fetch("` + elsewhere + `/x").then(() => 0, () => 0)`, "connect-src"},
	} {
		before := len(v.Faults())
		v.must(v.Evaluate(tt.try, nil))
		until(t, viewTimeout, tt.name+" is refused", func() bool {
			for _, fault := range v.Faults()[before:] {
				if strings.Contains(fault, tt.noted) {
					return true
				}
			}
			return false
		})
	}
	var title, color string
	v.must(v.Evaluate("document.title", &title))
	v.must(v.Evaluate(`getComputedStyle(document.querySelector("body > div > p")).color`, &color))
	if title == "owned" || color == "rgb(255, 0, 0)" {
		t.Errorf("the title is %q, the style's color %s", title, color)
	}
	v.provoked = true
}

// A part of the minimap that is dragged over is what the trace then shows.
func TestZoomByDrag(t *testing.T) {
	t.Parallel()
	s := backend(t)
	id := trace.TraceID{Low: 0xa1}
	s.send(t, sample.Shop(id, time.Now(), 0))
	v := open(t, s.url, "/trace/"+id.String())
	v.one("row", "charge card")
	v.must(v.Drag(v.one("region", "^Minimap$"), 0.4, 0.6))
	v.at("from=.*to=")
	v.press("0")
	v.at("^[^?]*$")
}
