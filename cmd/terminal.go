package cmd

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// colored reports whether output to stdout is coloured: --color decides, then NO_COLOR
// (no-color.org) and whether it is a terminal with colours.
func (a *app) colored() bool {
	if a.color.text != "auto" {
		return a.color.text == "always"
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

func (a *app) terminal() terminal.Options {
	return terminal.Options{Width: a.env.Width, Color: a.colored(), ASCII: a.plain()}
}

func (a *app) logger() *slog.Logger { return a.loggerAt(a.env.Stderr, a.logLevel.text) }

// quietLogger returns a logger for commands whose output is their answer: it logs
// warnings and errors to w, unless --log-level sets another level.
func (a *app) quietLogger(w io.Writer) *slog.Logger {
	if a.logLevel.text == "info" {
		return a.loggerAt(w, "warn")
	}
	return a.loggerAt(w, a.logLevel.text)
}

// loggerAt returns a logger that writes to w. What log/slog leaves unquoted, such as the
// commands of CI runners, is made harmless.
func (a *app) loggerAt(w io.Writer, name string) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(name)) // the flag accepts known levels only
	opts := &slog.HandlerOptions{Level: level}
	if a.logFormat.text == "json" {
		return slog.New(slog.NewJSONHandler(printable.JSONWriter(w), opts))
	}
	return slog.New(slog.NewTextHandler(printable.TextWriter(w), opts))
}

func (a *app) warn(text, hint string) {
	printLine(a.env.Stderr, "warning", text)
	printHint(a.env.Stderr, hint)
}

func (a *app) warnAll(warnings []config.Warning) {
	for _, w := range warnings {
		a.warn(w.Text, w.Hint)
	}
}

// printLine writes a message for people and indents all lines but the first. The text
// may quote untrusted input, which is made harmless.
func printLine(w io.Writer, kind, text string) {
	text = printable.Text(text)
	fmt.Fprintf(w, "otdemo: %s: %s\n", kind, strings.ReplaceAll(text, "\n", "\n  "))
}

func printHint(w io.Writer, hint string) {
	if hint != "" {
		printLine(w, "hint", hint)
	}
}
