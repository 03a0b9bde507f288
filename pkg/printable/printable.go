// Package printable makes untrusted text safe to print: names of spans and services,
// errors, log lines, servers' responses, configuration of others. Printed as it is, such
// text could move a terminal's cursor, rename its window, show a line in another order
// than its bytes have, or give a command to the runner of a CI job, which reads
// "::error::" and "##[error]" in its output. Start at Line.
package printable

import (
	"regexp"
	"strings"
	"unicode"
)

// Line returns s as a single safe line: line breaks and tabs become spaces, other
// characters that are not graphic become "?", as do bytes that are not UTF-8, and a
// space is inserted in what a CI runner reads as a command.
func Line(s string) string {
	if harmless(s) {
		return s
	}
	return disarm(replace(strings.ReplaceAll(s, "\r\n", "\n")))
}

// Text returns s with its line breaks, and each of its lines as Line returns it.
func Text(s string) string { return eachLine(strings.ReplaceAll(s, "\r\n", "\n"), Line) }

func eachLine(text string, safe func(line string) string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = safe(lines[i])
	}
	return strings.Join(lines, "\n")
}

// harmless reports whether Line has nothing to do, which is nearly always so. It may
// return false for such a text.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return !startsCommand(s) && !strings.Contains(s, "##")
}

// replace keeps what unicode.IsGraphic calls visible. Controls, the marks of
// bidirectional text, line and paragraph separators are not.
func replace(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsGraphic(r):
			return '?'
		}
		return r
	}, s)
}

// startsCommand reports whether a GitHub runner reads the line as a command
// (github.com/actions/runner, ActionCommand.TryParseV2), which skips leading spaces.
func startsCommand(line string) bool {
	return strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::")
}

// command matches "##[" and "##word[", as in "##vso[" of Azure and "##teamcity[", which
// CI runners obey anywhere in a line.
var command = regexp.MustCompile(`#(#\pL*\[)`)

// disarm breaks the commands of CI runners.
func disarm(line string) string {
	if startsCommand(line) {
		line = strings.Replace(line, "::", ": :", 1)
	}
	return command.ReplaceAllString(line, "# $1")
}
