package cmd

import (
	"fmt"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

// colored says whether stdout may be coloured: --color first, then NO_COLOR
// (no-color.org) and dumb terminals.
func (a *app) colored() bool {
	switch a.color.String() {
	case "always":
		return true
	case "never":
		return false
	}
	return a.env.StdoutTerminal && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb"
}

// plain says whether stdout must stay within ASCII, because the locale says
// nothing of UTF-8. Windows has no such variable and shows UTF-8.
func (a *app) plain() bool {
	if a.env.OS == "windows" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := a.env.Getenv(name); locale != "" {
			upper := strings.ToUpper(locale)
			return !strings.Contains(upper, "UTF-8") && !strings.Contains(upper, "UTF8")
		}
	}
	return true
}

// ANSI colours.
const (
	ansiRed    = 31
	ansiYellow = 33
	ansiGreen  = 32
)

// paint colours s where that is wanted; color 0 is none.
func paint(wanted bool, color int, s string) string {
	if !wanted || color == 0 {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, s)
}

// maxDrawnSpans is more than anybody reads in a terminal.
const maxDrawnSpans = 1000

func (a *app) drawOptions() trace.DrawOptions {
	return trace.DrawOptions{Width: a.env.Width, Color: a.colored(), ASCII: a.plain(), MaxSpans: maxDrawnSpans}
}
