// Package printable makes untrusted text safe to print: names of spans and services,
// errors, log lines, servers' responses, configuration of others. Printed as it is, such
// text could move a terminal's cursor, rename its window, show a line in another order
// than its bytes have, or give a command to the runner of a CI job, which reads
// "::error::" and "##[error]" in its output. Start at Line.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
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
func Text(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Line(lines[i])
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

func replace(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == unicode.ReplacementChar || !graphic(r):
			return '?'
		}
		return r
	}, s)
}

// graphic reports whether r is a visible character or a space. Controls, the marks of
// bidirectional text, line and paragraph separators and other invisible characters are
// not.
func graphic(r rune) bool { return unicode.IsGraphic(r) }

// startsCommand reports whether a GitHub runner reads the line as a command
// (github.com/actions/runner, ActionCommand.TryParseV2), which skips leading spaces.
func startsCommand(line string) bool {
	return strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::")
}

// disarm breaks the commands of CI runners: "::" at the start of a line, and "##["
// or "##word[" (as in "##vso[" of Azure and "##teamcity[") anywhere in it.
func disarm(line string) string {
	if startsCommand(line) {
		line = strings.Replace(line, "::", ": :", 1)
	}
	if !strings.Contains(line, "##") {
		return line
	}
	var out strings.Builder
	for i := range len(line) {
		if commandAt(line, i) {
			out.WriteString("# ")
			continue
		}
		out.WriteByte(line[i])
	}
	return out.String()
}

// commandAt reports whether "##word[" is at the i-th byte of line; the word may be
// empty.
func commandAt(line string, i int) bool {
	rest, ok := strings.CutPrefix(line[i:], "##")
	if !ok {
		return false
	}
	return strings.HasPrefix(strings.TrimLeftFunc(rest, unicode.IsLetter), "[")
}

// appendEscaped appends line with escape instead of each character that is not
// graphic, and of each byte that is not UTF-8.
func appendEscaped(dst []byte, text []byte, escape func(dst []byte, r rune, raw []byte) []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch raw := text[:size]; {
		case r == '\n' || graphic(r) && (r != utf8.RuneError || size > 1):
			dst = append(dst, raw...)
		default:
			dst = escape(dst, r, raw)
		}
		text = text[size:]
	}
	return dst
}
