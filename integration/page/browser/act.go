package browser

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// actionTimeout bounds one step; a busy machine is slow, not broken.
const actionTimeout = 30 * time.Second

// Go loads a URL and waits until it is loaded.
func (t *Tab) Go(url string) error {
	return t.named("go to "+url, chromedp.Navigate(url))
}

// Back presses the browser's button.
func (t *Tab) Back() error {
	return t.named("go back", chromedp.ActionFunc(func(ctx context.Context) error {
		at, entries, err := page.GetNavigationHistory().Do(ctx)
		if err != nil {
			return err
		}
		if at == 0 {
			return fmt.Errorf("there is nothing to go back to")
		}
		// It may stay in the same document, so nothing is loaded that could be
		// waited for.
		return page.NavigateToHistoryEntry(entries[at-1].ID).Do(ctx)
	}))
}

// URL returns what the address bar shows, less the origin.
func (t *Tab) URL() (string, error) {
	var url string
	return url, t.Evaluate("location.pathname + location.search", &url)
}

// Text returns the page's text as it is shown.
func (t *Tab) Text() (string, error) {
	var text string
	return text, t.Evaluate("document.body.innerText", &text)
}

// Evaluate runs an expression on the page; a promise is waited for. The page's
// policy does not hold for it.
func (t *Tab) Evaluate(expression string, into any) error {
	return t.named("evaluate "+expression, chromedp.Evaluate(expression, into, awaited))
}

// Click presses the mouse in the middle of a node.
func (t *Tab) Click(n Node) error {
	x, y, err := t.middle(n)
	if err != nil {
		return fmt.Errorf("click %s %q: %w", n.Role, n.Name, err)
	}
	return t.named("click "+n.Name, chromedp.MouseClickXY(x, y))
}

// Drag presses the mouse on a node at a share of its width, and lets it go at
// another.
func (t *Tab) Drag(n Node, from, to float64) error {
	quad, err := t.quad(n)
	if err != nil {
		return fmt.Errorf("drag %s %q: %w", n.Role, n.Name, err)
	}
	at := func(share float64) float64 { return quad[0] + (quad[2]-quad[0])*share }
	y := (quad[1] + quad[5]) / 2
	const steps = 5
	actions := []chromedp.Action{chromedp.MouseEvent(input.MousePressed, at(from), y, chromedp.ButtonLeft, chromedp.ClickCount(1))}
	for i := range steps {
		share := from + (to-from)*float64(i+1)/steps
		actions = append(actions, chromedp.MouseEvent(input.MouseMoved, at(share), y, chromedp.ButtonLeft))
	}
	actions = append(actions, chromedp.MouseEvent(input.MouseReleased, at(to), y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	return t.named("drag "+n.Name, actions...)
}

// Wheel turns the mouse's wheel over a node by so many pixels, down when positive.
func (t *Tab) Wheel(n Node, pixels float64) error {
	x, y, err := t.middle(n)
	if err != nil {
		return fmt.Errorf("scroll %s %q: %w", n.Role, n.Name, err)
	}
	return t.named("scroll", input.DispatchMouseEvent(input.MouseWheel, x, y).WithDeltaX(0).WithDeltaY(pixels))
}

// Keys presses keys, one after the other, on whatever has the focus: text, or the
// constants of chromedp/kb. A page that takes a key for itself gets no text of it,
// as from a real keyboard.
func (t *Tab) Keys(keys string) error {
	var actions []chromedp.Action
	for _, key := range keys {
		down, up := &input.DispatchKeyEventParams{}, &input.DispatchKeyEventParams{}
		for _, event := range kb.Encode(key) {
			switch event.Type {
			case input.KeyChar:
				down.Text, down.UnmodifiedText = event.Text, event.UnmodifiedText
			case input.KeyUp:
				up = event
			default:
				down = event
			}
		}
		actions = append(actions, down, up)
	}
	return t.named(fmt.Sprintf("press %q", keys), actions...)
}

// BackTab presses Tab with Shift.
func (t *Tab) BackTab() error {
	return t.named("press Shift+Tab", chromedp.KeyEvent("\t", chromedp.KeyModifiers(input.ModifierShift)))
}

// Resize changes the window's size.
func (t *Tab) Resize(width, height int64) error {
	return t.named("resize", chromedp.EmulateViewport(width, height))
}

// Dark says whether the device prefers dark colors.
func (t *Tab) Dark(dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return t.named("emulate "+scheme, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
	}))
}

// Picture returns what the window shows, as PNG.
func (t *Tab) Picture() ([]byte, error) {
	var png []byte
	return png, t.named("take a picture", chromedp.CaptureScreenshot(&png))
}

// named runs actions, and puts words before what goes wrong.
func (t *Tab) named(words string, actions ...chromedp.Action) error {
	err := t.run(func(ctx context.Context) error { return chromedp.Tasks(actions).Do(ctx) })
	if err != nil {
		return fmt.Errorf("%.200s: %w", strings.ReplaceAll(words, "\n", " "), err)
	}
	return nil
}

// middle returns where a node is on the screen, after scrolling to it.
func (t *Tab) middle(n Node) (x, y float64, err error) {
	quad, err := t.quad(n)
	if err != nil {
		return 0, 0, err
	}
	return (quad[0] + quad[4]) / 2, (quad[1] + quad[5]) / 2, nil
}

func (t *Tab) quad(n Node) (quad dom.Quad, err error) {
	err = t.run(func(ctx context.Context) error {
		if err := dom.ScrollIntoViewIfNeeded().WithBackendNodeID(n.id).Do(ctx); err != nil {
			return err
		}
		quads, err := dom.GetContentQuads().WithBackendNodeID(n.id).Do(ctx)
		if err != nil {
			return err
		}
		if len(quads) == 0 {
			return fmt.Errorf("it is not shown")
		}
		quad = quads[0]
		return nil
	})
	return quad, err
}
