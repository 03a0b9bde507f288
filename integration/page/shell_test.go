package page

import (
	"regexp"
	"testing"
)

// Every view has its link, its title, and a place of its own; what is no view says
// so.
func TestViews(t *testing.T) {
	t.Parallel()
	s := backend(t)
	v := open(t, s.url, "/")
	for _, tt := range []struct{ link, path, title string }{
		{"^Compare$", "^/compare$", "Compare · otdemo"},
		{"^Services$", "^/dependencies$", "Services · otdemo"},
		{"^Loss$", "^/loss$", "Loss · otdemo"},
		{"^Search$", "^/search$", "Search · otdemo"},
	} {
		v.click("link", tt.link)
		v.at(tt.path)
		v.titled(tt.title)
		// Whoever goes on by the keyboard starts from the link, and the screen reader
		// says which view this is.
		v.focusOn("link", tt.link)
		v.isCurrent(tt.link)
	}
	v.must(v.Back())
	v.at("^/loss$")
	v.titled("Loss · otdemo")
	v.visit("/nothing/here")
	v.sees("Page not found", "/nothing/here")
}

// isCurrent expects that one link, whose name matches, is marked as that of this view.
func (v *view) isCurrent(link string) {
	v.t.Helper()
	var names []string
	v.must(v.Evaluate(`[...document.querySelectorAll('nav a[aria-current="page"]')].map((a) => a.textContent)`, &names))
	if len(names) != 1 || !regexp.MustCompile(link).MatchString(names[0]) {
		v.t.Errorf("the links %q are marked as current, want one that matches %s", names, link)
	}
}

// titled waits for the window's title.
func (v *view) titled(want string) {
	v.t.Helper()
	var got string
	until(v.t, viewTimeout, "the title is "+want, func() bool {
		v.t.Helper()
		v.must(v.Evaluate("document.title", &got))
		return got == want
	})
}

// The keys are told by a key, and the dialog gives the focus back.
func TestKeyHelp(t *testing.T) {
	t.Parallel()
	v := open(t, backend(t).url, "/loss")
	v.one("link", "^Loss$")
	v.press("?")
	v.one("dialog", "^Keyboard shortcuts$")
	v.press("\x1b")
	until(t, viewTimeout, "the dialog is closed", func() bool { return len(v.all("dialog", "Keyboard shortcuts")) == 0 })
}

// The theme follows the device until another is chosen, which stays.
func TestTheme(t *testing.T) {
	t.Parallel()
	v := open(t, backend(t).url, "/loss")
	background := func() (color string) {
		v.must(v.Evaluate("getComputedStyle(document.body).backgroundColor", &color))
		return color
	}
	light := background()
	v.must(v.Dark(true))
	dark := background()
	if light == dark {
		t.Errorf("the background is %s, light and dark", light)
	}
	v.click("button", "^Theme: system. Change to light$")
	v.one("button", "^Theme: light")
	if got := background(); got != light {
		t.Errorf("light was chosen, and the background is %s, want %s", got, light)
	}
	v.visit("/loss")
	v.one("button", "^Theme: light")
	if got := background(); got != light {
		t.Errorf("after loading again the background is %s, want %s", got, light)
	}
}
