package printable

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Escaped returns text with its line breaks, and an escape as in Go (\x1b, \u202e)
// instead of whatever Line replaces with "?". It is for files in which the bytes
// matter, such as the raw answer of a server.
func Escaped(text []byte) string {
	escaped := appendEscaped(nil, text, func(dst []byte, r rune, raw []byte) []byte {
		switch {
		case r == '\t':
			return append(dst, `\t`...)
		case r == '\r':
			return append(dst, `\r`...)
		case r < ' ' || r == unicode.ReplacementChar:
			for _, b := range raw {
				dst = fmt.Appendf(dst, `\x%02x`, b)
			}
			return dst
		case r > 0xffff:
			return fmt.Appendf(dst, `\U%08x`, r)
		default:
			return fmt.Appendf(dst, `\u%04x`, r)
		}
	})
	lines := strings.Split(string(escaped), "\n")
	for i := range lines {
		lines[i] = disarm(lines[i])
	}
	return strings.Join(lines, "\n")
}

// JSON returns a document in JSON with the same content, in which each character
// that is not graphic is escaped, and no string has a command of a CI runner. JSON
// permits such characters in strings only, so that the escape means the same. A
// document that has none is returned itself.
func JSON(document []byte) []byte {
	ascii := func(r rune) bool { return r >= ' ' && r <= '~' || r == '\n' }
	if bytes.IndexFunc(document, func(r rune) bool { return !ascii(r) }) < 0 && !bytes.Contains(document, []byte("##")) {
		return document
	}
	out := appendEscaped(make([]byte, 0, len(document)), document, func(dst []byte, r rune, raw []byte) []byte {
		switch {
		case r < ' ':
			return append(dst, raw...) // between the values: encoding/json escapes it in strings
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			return fmt.Appendf(dst, `\u%04x`, r) // U+FFFD for what is not UTF-8
		}
	})
	if !bytes.Contains(out, []byte("##")) {
		return out
	}
	line := string(out)
	out = out[:0]
	for i := range len(line) {
		if commandAt(line, i) {
			out = append(out, `\u0023`...)
			continue
		}
		out = append(out, line[i])
	}
	return out
}

// TextWriter returns a writer that applies Text to each Write. Each must be of whole
// lines, as those of log/slog are.
func TextWriter(w io.Writer) io.Writer {
	return writer{w, func(p []byte) []byte { return []byte(Text(string(p))) }}
}

// JSONWriter returns a writer that applies JSON to each Write. Each must be of whole
// documents, as those of json.Encoder are.
func JSONWriter(w io.Writer) io.Writer { return writer{w, JSON} }

type writer struct {
	next io.Writer
	make func([]byte) []byte
}

// Write implements io.Writer.
func (w writer) Write(p []byte) (int, error) {
	if _, err := w.next.Write(w.make(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
