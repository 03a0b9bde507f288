package cmd

import (
	"strings"

	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// colored reports whether output to stdout is coloured: --color decides, then NO_COLOR
// (no-color.org) and whether it is a terminal with colours.
func (a *app) colored() bool {
	switch a.color.String() {
	case "always":
		return true
	case "never":
		return false
	}
	return a.env.StdoutTerminal && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb"
}

// plain reports whether output to stdout is limited to ASCII, because the locale is not
// UTF-8. Windows has no locale variables and shows UTF-8.
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

// terminal returns the properties of stdout.
func (a *app) terminal() terminal.Options {
	return terminal.Options{Width: a.env.Width, Color: a.colored(), ASCII: a.plain()}
}
