package page

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/otdemo/otdemo/integration/page/browser"
	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// slowest bounds a frame. It is generous, since tests share the machine; what the
// page really takes is in docs/benchmarks.md.
const slowest = 500 * time.Millisecond

// A trace of 5,000 spans in 100 services is there within a moment, stays smooth when
// it is scrolled, zoomed and collapsed, and has rows only for what is in sight.
func TestLargeTrace(t *testing.T) {
	s := backend(t)
	id := trace.TraceID{Low: 5000}
	s.send(t, sample.Large(id, time.Now(), 5000, 100))
	v := open(t, s.url, "/trace/"+id.String())
	v.sees("5,000 spans", "100 services")
	tree := v.one("treegrid", ".")
	v.smooth("scroll", func() error { return v.scroll(tree, 30, 800) })
	v.tabTo("row", "operation")
	v.smooth("go to the last", func() error { return v.Keys(kb.End) })
	v.focusOn("row", "operation [1-9]")
	v.smooth("go to the first", func() error { return v.Keys(kb.Home) })
	v.focusOn("row", "operation 0$|operation 0 ")
	v.smooth("zoom", func() error { return v.Keys("+++") })
	v.at("from=")
	v.smooth("leave the zoom", func() error { return v.Keys("0") })
	v.smooth("collapse", func() error { return v.Keys(kb.ArrowLeft) })
	v.becomes("row", "operation 0$|operation 0 ", "expanded", "false")
	v.smooth("expand", func() error { return v.Keys(kb.ArrowRight) })
	v.becomes("row", "operation 0$|operation 0 ", "expanded", "true")
	var rows int
	v.must(v.Evaluate(`document.querySelectorAll('[role="row"]').length`, &rows))
	if rows > 200 {
		t.Errorf("%d rows are on the page, want those in sight", rows)
	}
}

// smooth does something and fails the test when a frame took too long meanwhile.
func (v *view) smooth(what string, do func() error) {
	v.t.Helper()
	frames, err := v.Measure(do)
	v.must(err)
	v.t.Logf("%s: %d frames, median %s, slowest %s", what, len(frames), frames.Quantile(0.5), frames.Longest())
	if got := frames.Longest(); got > slowest {
		v.t.Errorf("%s: a frame took %s, want up to %s", what, got, slowest)
	}
}

// scroll turns the wheel so many times.
func (v *view) scroll(over browser.Node, times int, pixels float64) error {
	for range times {
		if err := v.Wheel(over, pixels); err != nil {
			return err
		}
	}
	return nil
}
