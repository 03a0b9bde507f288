// Package browser drives a headless Chromium as a person would: it finds things by
// their role and their name for a screen reader, clicks, types and looks, and notes
// all that goes wrong on the page. Start at Find and Start.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// ErrNone says that no Chromium is installed.
var ErrNone = errors.New("no Chromium found: neither chromium, chromium-browser nor google-chrome is on the PATH")

// startTimeout is ample: Chromium takes a second.
const startTimeout = 60 * time.Second

// Find returns the path of Chromium, or ErrNone.
func Find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// Browser is a running Chromium. Close it.
type Browser struct {
	ctx  context.Context
	stop []context.CancelFunc
}

// Start runs the Chromium at path with a profile in dir, which it may fill, and
// with no more of the network than pages ask for.
func Start(ctx context.Context, path, dir string) (*Browser, error) {
	allocator, endAllocator := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.WSURLReadTimeout(startTimeout),
		chromedp.Flag("headless", "new"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-features", "Translate"), chromedp.Flag("hide-scrollbars", false),
		// Several tabs at once are all looked at.
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.WindowSize(windowWidth, windowHeight),
	)
	tab, end := chromedp.NewContext(allocator, quiet())
	b := &Browser{ctx: tab, stop: []context.CancelFunc{end, endAllocator}}
	if err := chromedp.Run(tab); err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// quiet keeps chromedp from logging events that a newer Chromium words otherwise.
func quiet() chromedp.ContextOption {
	return chromedp.WithErrorf(func(string, ...any) {})
}

// Close ends the browser with all its tabs.
func (b *Browser) Close() {
	for _, stop := range b.stop {
		stop()
	}
}

// The size of a window unless it is changed.
const windowWidth, windowHeight = 1280, 900

// Tab is a page in a profile of its own. Its methods may not be called at the same
// time.
type Tab struct {
	ctx context.Context

	mu sync.Mutex
	// asked has every URL that was asked for, faults what went wrong.
	asked, faults []string
}

// Open opens an empty tab, which close closes.
func (b *Browser) Open() (t *Tab, closeTab func(), err error) {
	id, profile, err := b.newWindow()
	if err != nil {
		return nil, nil, fmt.Errorf("open a tab: %w", err)
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	closeTab = func() {
		cancel()
		// With the browser itself gone, so is the profile.
		_ = target.DisposeBrowserContext(profile).Do(b.commands())
	}
	t = &Tab{ctx: ctx}
	chromedp.ListenTarget(ctx, t.note)
	if err := chromedp.Run(ctx, network.Enable(), runtime.Enable(), log.Enable(), audits.Enable()); err != nil {
		closeTab()
		return nil, nil, fmt.Errorf("open a tab: %w", err)
	}
	return t, closeTab, nil
}

// newWindow makes a window of its own: the first tab of a profile needs one.
func (b *Browser) newWindow() (target.ID, cdp.BrowserContextID, error) {
	profile, err := target.CreateBrowserContext().Do(b.commands())
	if err != nil {
		return "", "", err
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(b.commands())
	return id, profile, err
}

// commands returns a context for what is asked of the browser and not of a tab.
func (b *Browser) commands() context.Context {
	return cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser)
}

// note keeps what a person with the browser's console open would see.
func (t *Tab) note(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		t.asked = append(t.asked, event.Request.URL)
	case *runtime.EventExceptionThrown:
		t.faults = append(t.faults, "exception: "+event.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.APITypeError || event.Type == runtime.APITypeWarning {
			t.faults = append(t.faults, "console: "+words(event.Args))
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.LevelError || event.Entry.Level == log.LevelWarning {
			t.faults = append(t.faults, fmt.Sprintf("%s: %s %s", event.Entry.Source, event.Entry.Text, event.Entry.URL))
		}
	case *audits.EventIssueAdded:
		if event.Issue.Code == audits.InspectorIssueCodeContentSecurityPolicyIssue {
			t.faults = append(t.faults, fmt.Sprintf("policy: %+v", event.Issue.Details.ContentSecurityPolicyIssueDetails))
		}
	case *target.EventTargetCrashed:
		t.faults = append(t.faults, "the tab crashed")
	}
}

func words(args []*runtime.RemoteObject) string {
	var text []string
	for _, arg := range args {
		text = append(text, string(arg.Value)+arg.Description)
	}
	return strings.Join(text, " ")
}

// Asked returns every URL that the page asked for, in that order.
func (t *Tab) Asked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.asked...)
}

// Faults returns errors and warnings in the console, exceptions that nobody caught,
// and violations of the page's policy.
func (t *Tab) Faults() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.faults...)
}
