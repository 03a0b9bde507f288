package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// scanner reads JSON sequentially. It checks what it reads, not what it skips. After an
// error it reads only zero values.
type scanner struct {
	data []byte
	pos  int
	err  error // the first one
}

var errCutOff = errors.New("unexpected end of JSON")

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.pos = len(s.data)
}

// peek returns the next byte that is not a space, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) {
	switch next := s.peek(); next {
	case c:
		s.pos++
	case 0:
		s.fail(errCutOff)
	default:
		s.fail(fmt.Errorf("%q at byte %d, want %q", next, s.pos, c))
	}
}

// list calls each for each element between open and end, which each must consume. null
// has no elements.
func (s *scanner) list(open, end byte, each func()) {
	if s.peek() == 'n' {
		s.skip()
		return
	}
	s.take(open)
	for first := true; s.err == nil && (!first || s.peek() != end); first = false {
		each()
		if s.peek() != ',' {
			break
		}
		s.pos++
	}
	s.take(end)
}

func (s *scanner) array(each func()) { s.list('[', ']', each) }

// object calls each for each key. A value that each does not consume is skipped.
func (s *scanner) object(each func(key []byte)) {
	s.list('{', '}', func() {
		key := s.raw()
		s.take(':')
		start := s.pos
		if each(key); s.pos == start {
			s.skip()
		}
	})
}

// raw consumes a string and returns what is between the quotes, with escapes. It points
// into the data.
func (s *scanner) raw() []byte {
	s.take('"')
	start := s.pos
	for {
		n := bytes.IndexByte(s.data[s.pos:], '"')
		if n < 0 {
			s.fail(errCutOff)
			return nil
		}
		s.pos += n + 1
		raw := s.data[start : s.pos-1]
		// The quote is escaped by an odd number of backslashes.
		if slashes := len(raw) - len(bytes.TrimRight(raw, `\`)); slashes%2 == 0 {
			return raw
		}
	}
}

func (s *scanner) text() string {
	raw := s.raw()
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	var text string
	if err := json.Unmarshal(s.data[s.pos-len(raw)-2:s.pos], &text); err != nil {
		s.fail(fmt.Errorf("string before byte %d: %w", s.pos, err))
	}
	return text
}

func (s *scanner) skip() {
	s.peek()
	start := s.pos
	for depth := 0; s.pos < len(s.data); {
		c := s.data[s.pos]
		switch c {
		case '"':
			s.raw()
		case '{', '[':
			depth++
			s.pos++
			continue
		case '}', ']', ',':
			if depth == 0 { // the end of the enclosing list or object
				if s.pos == start {
					s.fail(fmt.Errorf("%q at byte %d, want a value", c, start))
				}
				return
			}
			if c != ',' {
				depth--
			}
			s.pos++
		default:
			s.pos++
			continue
		}
		if depth == 0 {
			return
		}
	}
	s.fail(errCutOff)
}
