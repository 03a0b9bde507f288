package printable

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
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
	return eachLine(string(escaped), disarm)
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
	return command.ReplaceAll(out, []byte(`\u0023$1`))
}

// appendEscaped appends text with escape instead of each character that is not
// graphic, and of each byte that is not UTF-8.
func appendEscaped(dst []byte, text []byte, escape func(dst []byte, r rune, raw []byte) []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		raw := text[:size]
		if r == '\n' || unicode.IsGraphic(r) && (r != utf8.RuneError || size > 1) {
			dst = append(dst, raw...)
		} else {
			dst = escape(dst, r, raw)
		}
		text = text[size:]
	}
	return dst
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
