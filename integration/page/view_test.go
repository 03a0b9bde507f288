package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/page/browser"
)

// viewTimeout bounds what the page takes to show something.
const viewTimeout = 20 * time.Second

// view is a tab that a test looks at. What goes wrong ends the test.
type view struct {
	*browser.Tab
	t      *testing.T
	origin string
	// forgiven are parts of faults that the test provokes.
	forgiven []string
	// provoked says that everything was provoked.
	provoked bool
}

// open shows a path of a site. At the end of the test the page must have asked for
// nothing elsewhere, and have nothing to complain about.
func open(t *testing.T, origin, path string) *view {
	t.Helper()
	tab, closeTab, err := needBrowser(t).Open()
	if err != nil {
		t.Fatal(err)
	}
	v := &view{Tab: tab, t: t, origin: origin}
	t.Cleanup(func() {
		v.keepPicture()
		v.checkConduct()
		closeTab()
	})
	v.visit(path)
	return v
}

// visit loads a path anew, until the page listens to keys.
func (v *view) visit(path string) {
	v.t.Helper()
	v.must(v.Go(v.origin + path))
	v.must(v.Evaluate(twoFrames, nil))
}

// twoFrames is over when what was rendered has been shown, and its effects have run.
const twoFrames = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))`

func (v *view) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// checkConduct holds for every test.
func (v *view) checkConduct() {
	v.t.Helper()
	if v.provoked {
		return
	}
	for _, asked := range v.Asked() {
		if !strings.HasPrefix(asked, v.origin+"/") && !strings.HasPrefix(asked, "data:") {
			v.t.Errorf("the page asked for %s", asked)
		}
	}
	for _, fault := range v.Faults() {
		if !v.forgives(fault) {
			v.t.Errorf("in the console: %.500s", fault)
		}
	}
}

func (v *view) forgives(fault string) bool {
	for _, part := range v.forgiven {
		if strings.Contains(fault, part) {
			return true
		}
	}
	return false
}

// keepPicture shows what a failed test saw.
func (v *view) keepPicture() {
	if !v.t.Failed() {
		return
	}
	if png, err := v.Picture(); err == nil {
		name := filepath.Join(v.t.ArtifactDir(), "view.png")
		v.t.Logf("picture in %s: %v", name, os.WriteFile(name, png, 0o644))
	}
	if url, err := v.URL(); err == nil {
		v.t.Logf("at %s", url)
	}
	if text, err := v.Text(); err == nil {
		v.t.Logf("the page says:\n%.3000s", text)
	}
}

// sees waits until the page shows all words.
func (v *view) sees(words ...string) {
	v.t.Helper()
	for _, want := range words {
		until(v.t, viewTimeout, "the page shows "+want, func() bool {
			v.t.Helper()
			text, err := v.Text()
			v.must(err)
			return strings.Contains(text, want)
		})
	}
}

// one waits for the first thing of a role whose name matches.
func (v *view) one(role, name string) browser.Node {
	v.t.Helper()
	var found []browser.Node
	until(v.t, viewTimeout, "there is a "+role+" named "+name, func() bool {
		v.t.Helper()
		found = v.all(role, name)
		return len(found) > 0
	})
	return found[0]
}

// all returns the things of a role whose names match, at this moment.
func (v *view) all(role, name string) []browser.Node {
	v.t.Helper()
	found, err := v.All(role, regexp.MustCompile(name))
	v.must(err)
	return found
}

// becomes waits until a thing has a state.
func (v *view) becomes(role, name, state, want string) browser.Node {
	v.t.Helper()
	var last browser.Node
	until(v.t, viewTimeout, role+" "+name+" is "+state+"="+want, func() bool {
		v.t.Helper()
		last = v.one(role, name)
		return last.States[state] == want
	})
	return last
}

// click clicks the first thing of a role whose name matches.
func (v *view) click(role, name string) {
	v.t.Helper()
	v.must(v.Click(v.one(role, name)))
}

// press presses keys.
func (v *view) press(keys string) {
	v.t.Helper()
	v.must(v.Keys(keys))
}

// focusOn waits until a thing of a role whose name matches has the focus.
func (v *view) focusOn(role, name string) {
	v.t.Helper()
	re := regexp.MustCompile(name)
	until(v.t, viewTimeout, role+" "+name+" has the focus", func() bool {
		v.t.Helper()
		n := v.focused()
		return n.Role == role && re.MatchString(n.Name)
	})
}

// focused returns what has the focus; without anything, a node without a role.
func (v *view) focused() browser.Node {
	v.t.Helper()
	n, err := v.Focused()
	v.must(err)
	if n == nil {
		return browser.Node{}
	}
	return *n
}

// at waits until the address bar shows what a pattern matches.
func (v *view) at(pattern string) string {
	v.t.Helper()
	re := regexp.MustCompile(pattern)
	var url string
	until(v.t, viewTimeout, "the address is "+pattern, func() bool {
		v.t.Helper()
		var err error
		url, err = v.URL()
		v.must(err)
		return re.MatchString(url)
	})
	return url
}

// tabTo presses Tab until a thing of a role whose name matches has the focus, as who
// has no mouse does.
func (v *view) tabTo(role, name string) {
	v.t.Helper()
	re := regexp.MustCompile(name)
	var passed []string
	const stops = 80
	for range stops {
		v.press("\t")
		n := v.focused()
		if n.Role == role && re.MatchString(n.Name) {
			return
		}
		passed = append(passed, n.Role+" "+n.Name)
	}
	v.t.Fatalf("Tab does not come to %s %s, but to %q", role, name, passed)
}
