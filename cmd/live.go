package cmd

import (
	"io"
	"sync"
	"time"
)

// liveInterval is how often a line on the terminal is written anew: often enough
// to look alive, and cheap.
const liveInterval = 200 * time.Millisecond

// liveLine is a line at the end of a terminal that is written over and over.
// Whatever else goes to the terminal meanwhile is written through Write, so that
// the two do not run into each other. Its methods may be called from any
// goroutine.
type liveLine struct {
	mu sync.Mutex
	w  io.Writer
	// on is false where there is no terminal, or nobody wants the line: show then
	// does nothing.
	on bool
	// width is the terminal's in columns; 0 means 80. A line that wraps could not be
	// erased.
	width int
	shown bool
}

// defaultLiveWidth is what a terminal that does not tell has at least.
const defaultLiveWidth = 80

var _ io.Writer = (*liveLine)(nil)

// Write clears the line and passes p on.
func (l *liveLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	return l.w.Write(p)
}

// show puts text, which is ASCII, in the place of what the line said, as much of it
// as fits.
func (l *liveLine) show(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.on {
		return
	}
	l.erase()
	l.shown = true
	width := l.width
	if width <= 0 {
		width = defaultLiveWidth
	}
	text = text[:min(len(text), width-1)]
	io.WriteString(l.w, text) //nolint:errcheck // a terminal that is gone has nobody to tell
}

// clear leaves no line behind.
func (l *liveLine) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
}

func (l *liveLine) erase() {
	if l.shown {
		l.shown = false
		io.WriteString(l.w, clearLine) //nolint:errcheck // as in show
	}
}

// follow shows what status returns, again and again, until the function that it
// returns is called, which clears the line.
func (l *liveLine) follow(status func() string) (stop func()) {
	if !l.on {
		return func() {}
	}
	end := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(liveInterval)
		defer ticker.Stop()
		for {
			select {
			case <-end:
				return
			case <-ticker.C:
				l.show(status())
			}
		}
	})
	return func() {
		close(end)
		done.Wait()
		l.clear()
	}
}
