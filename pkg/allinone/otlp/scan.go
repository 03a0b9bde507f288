package otlp

import (
	"encoding/json"
	"unicode/utf8"
)

// scanner reads the tokens of JSON that is known to be valid, and passes over what
// is not wanted without looking at its tokens. encoding/json's Decoder takes some
// 20 times as long for each, and there may be millions in a body.
type scanner struct {
	text []byte
	at   int
}

// newScanner returns an error when text is not one value of valid JSON, or is nested
// more than 10,000 deep.
func newScanner(text []byte) (*scanner, error) {
	if !json.Valid(text) {
		var none json.RawMessage
		return nil, json.Unmarshal(text, &none) // has the position
	}
	return &scanner{text: text}, nil
}

// peek goes to the first byte of the next value, or to the end of the one around it, and
// returns that byte. There must be one.
func (s *scanner) peek() byte {
	for {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return c
		}
	}
}

// take passes over a brace or a bracket, if it is next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// word returns the number, or the true, false or null, that begins here.
func (s *scanner) word() []byte {
	start := s.at
	for s.at < len(s.text) && isWord(s.text[s.at]) {
		s.at++
	}
	return s.text[start:s.at]
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == 'E' || c == '-' || c == '+' || c == '.'
}

// str returns the string that begins here.
func (s *scanner) str() (string, error) {
	start := s.at
	plain := s.pass()
	quoted := s.text[start:s.at]
	if inner := quoted[1 : len(quoted)-1]; plain && utf8.Valid(inner) {
		return string(inner), nil
	}
	var text string
	err := json.Unmarshal(quoted, &text)
	return text, err //nolint:wrapcheck // complete as it is
}

// pass goes behind the string that begins here, and reports whether it has no
// escapes.
func (s *scanner) pass() (plain bool) {
	plain = true
	s.at++
	for {
		switch s.text[s.at] {
		case '"':
			s.at++
			return plain
		case '\\':
			plain = false
			s.at++ // what is escaped, or how
		}
		s.at++
	}
}

// key returns the name of the next member of an object, false at its end.
func (s *scanner) key() (name string, ok bool, err error) {
	if s.take('}') {
		return "", false, nil
	}
	name, err = s.str()
	return name, true, err
}

// skip goes behind the next value.
func (s *scanner) skip() {
	if c := s.peek(); c != '{' && c != '[' && c != '"' {
		s.word()
		return
	}
	for depth := 0; ; {
		switch s.text[s.at] {
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		case '"':
			s.pass()
		default:
			s.at++
		}
		if depth == 0 {
			return
		}
	}
}
