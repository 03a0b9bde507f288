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

// token returns the next token, as encoding/json's Decoder does with UseNumber. There
// must be one.
func (s *scanner) token() (json.Token, error) {
	s.toNext()
	switch c := s.text[s.at]; c {
	case '{', '}', '[', ']':
		s.at++
		return json.Delim(c), nil
	case '"':
		return s.str()
	case 't':
		s.at += len("true")
		return true, nil
	case 'f':
		s.at += len("false")
		return false, nil
	case 'n':
		s.at += len("null")
		return nil, nil //nolint:nilnil // represents null
	}
	start := s.at
	for s.at < len(s.text) && isNumber(s.text[s.at]) {
		s.at++
	}
	return json.Number(s.text[start:s.at]), nil
}

func (s *scanner) toNext() {
	for {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return
		}
	}
}

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
	s.toNext()
	if s.text[s.at] != '"' {
		s.at++ // the closing brace
		return "", false, nil
	}
	name, err = s.str()
	return name, true, err
}

func (s *scanner) skip() {
	s.toNext()
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
			if depth == 0 { // the rest of a number or a word
				for s.at < len(s.text) && (isNumber(s.text[s.at]) || isLetter(s.text[s.at])) {
					s.at++
				}
			}
		}
		if depth == 0 {
			return
		}
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

func isNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}
