// Command frames sends a trace of 5,000 spans in 100 services to a backend, opens it
// in headless Chromium as a person would, and prints how long its frames took, as
// JSON. The benchmark "page" in bench/ runs it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/otdemo/otdemo/integration/page/browser"
	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The trace, as the issue has it.
const spans, services = 5000, 100

// Figures are what is printed: milliseconds.
type Figures struct {
	// Drawn is the time from the request of the page until spans are on the screen.
	Drawn   float64  `json:"drawn"`
	Actions []Action `json:"actions"`
}

// Action is something that was done on the page.
type Action struct {
	Name    string  `json:"name"`
	Frames  int     `json:"frames"`
	Median  float64 `json:"median"`
	P99     float64 `json:"p99"`
	Slowest float64 `json:"slowest"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "frames: error:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("frames", flag.ContinueOnError)
	collector := flags.String("collector", "", "the `URL` that takes thrift")
	page := flags.String("page", "", "the `URL` of the page")
	if err := flags.Parse(args); err != nil {
		return err
	}
	path, err := browser.Find()
	if err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "otdemo-frames-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	id := trace.TraceID{Low: spans}
	if err := wire.SendHTTP(ctx, *collector, sample.Large(id, time.Now(), spans, services)); err != nil {
		return err
	}
	if _, err := wire.ReadTrace(ctx, *page, id, spans); err != nil {
		return err
	}
	b, err := browser.Start(ctx, path, profile)
	if err != nil {
		return err
	}
	defer b.Close()
	tab, closeTab, err := b.Open() //nolint:contextcheck // a tab lives in the browser, which ends with ctx
	if err != nil {
		return err
	}
	defer closeTab()
	figures, err := measure(tab, *page+"/trace/"+id.String()) //nolint:contextcheck // as above
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(figures)
}

// drawn is over with the first frame that has spans, and tells when that was.
const drawn = `new Promise((done) => {
	const look = () => document.querySelector('[role="row"][aria-level]')
		? requestAnimationFrame(() => done(performance.now()))
		: requestAnimationFrame(look);
	look();
})`

// measure does what people do with a trace.
func measure(tab *browser.Tab, url string) (Figures, error) {
	var figures Figures
	if err := tab.Go(url); err != nil {
		return Figures{}, err
	}
	if err := tab.Evaluate(drawn, &figures.Drawn); err != nil {
		return Figures{}, err
	}
	tree, err := tab.All("treegrid", regexp.MustCompile(""))
	if err != nil {
		return Figures{}, err
	}
	if len(tree) == 0 {
		return Figures{}, fmt.Errorf("the page has no tree of spans")
	}
	if err := tab.Evaluate(`document.querySelector('[role="row"][tabindex="0"]').focus()`, nil); err != nil {
		return Figures{}, err
	}
	for _, action := range []struct {
		name string
		do   func() error
	}{
		{"scroll 100,000 pixels", func() error { return scroll(tab, tree[0]) }},
		{"to the last span and back, 5 times", repeat(5, func() error { return tab.Keys(kb.End + kb.Home) })},
		{"zoom in and out, 5 times", repeat(5, func() error { return tab.Keys("+++0") })},
		{"collapse and expand all, 5 times", repeat(5, func() error { return tab.Keys(kb.ArrowLeft + kb.ArrowRight) })},
		{"open 20 spans", repeat(20, func() error { return tab.Keys(kb.ArrowDown + kb.Enter) })},
	} {
		frames, err := tab.Measure(action.do)
		if err != nil {
			return Figures{}, err
		}
		figures.Actions = append(figures.Actions, Action{
			action.name, len(frames), millis(frames.Quantile(0.5)), millis(frames.Quantile(0.99)), millis(frames.Longest()),
		})
	}
	return figures, nil
}

func scroll(tab *browser.Tab, over browser.Node) error {
	const times, pixels = 100, 1000
	return repeat(times, func() error { return tab.Wheel(over, pixels) })()
}

func repeat(times int, do func() error) func() error {
	return func() error {
		for range times {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
