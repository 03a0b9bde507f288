package terminal

import (
	"io"
	"sync"
	"time"
)

// lineInterval is the time between two updates of a status line: short enough to show
// progress, long enough to be cheap.
const lineInterval = 200 * time.Millisecond

// clearLine moves the cursor to the start of the line and erases the line (ECMA-48).
const clearLine = "\r\x1b[K"

// Line is a status line at the end of a terminal that is overwritten. Other output to
// the same terminal must go through Write meanwhile, so that the two do not mix. Its
// methods may be called from any goroutine.
type Line struct {
	mu    sync.Mutex
	w     io.Writer
	on    bool
	width int
	shown bool
}

var _ io.Writer = (*Line)(nil)

// NewLine returns a status line on a terminal with width columns, 0 if that is unknown;
// a longer text is cut, since it would wrap and could not be erased. If on is false, no
// line is shown and only Write has an effect.
func NewLine(w io.Writer, width int, on bool) *Line {
	return &Line{w: w, width: Options{Width: width}.Columns(), on: on}
}

// Write clears the line and writes p to the terminal.
func (l *Line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	return l.w.Write(p)
}

// Show replaces the line with text, which must be ASCII, cut to the width.
func (l *Line) Show(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.on {
		return
	}
	l.erase()
	l.shown = true
	text = text[:min(len(text), l.width-1)]
	io.WriteString(l.w, text) //nolint:errcheck // a terminal that is gone cannot show an error either
}

// Clear removes the line.
func (l *Line) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
}

func (l *Line) erase() {
	if l.shown {
		l.shown = false
		io.WriteString(l.w, clearLine) //nolint:errcheck // as in Show
	}
}

// Follow shows the text that status returns, updated regularly, until the returned
// function is called, which clears the line.
func (l *Line) Follow(status func() string) (stop func()) {
	if !l.on {
		return func() {}
	}
	end := make(chan struct{})
	var updating sync.WaitGroup
	updating.Go(func() {
		ticker := time.NewTicker(lineInterval)
		defer ticker.Stop()
		for {
			select {
			case <-end:
				return
			case <-ticker.C:
				l.Show(status())
			}
		}
	})
	return func() {
		close(end)
		updating.Wait()
		l.Clear()
	}
}
