package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// scanner reads JSON sequentially. It checks what it reads, not what it skips.
type scanner struct {
	data []byte
	pos  int
}

var errCutOff = errors.New("unexpected end of JSON")

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

// take consumes c, which must be next.
func (s *scanner) take(c byte) error {
	switch next := s.peek(); next {
	case c:
		s.pos++
		return nil
	case 0:
		return errCutOff
	default:
		return fmt.Errorf("%q at byte %d, want %q", next, s.pos, c)
	}
}

// list calls each for each element between open and end, which each must consume. null
// has no elements.
func (s *scanner) list(open, end byte, each func() error) error {
	if s.peek() == 'n' {
		return s.skip()
	}
	if err := s.take(open); err != nil {
		return err
	}
	if s.peek() == end {
		s.pos++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if s.peek() != ',' {
			return s.take(end)
		}
		s.pos++
	}
}

func (s *scanner) array(each func() error) error { return s.list('[', ']', each) }

// object calls each, which must consume the value, for each key.
func (s *scanner) object(each func(key []byte) error) error {
	return s.list('{', '}', func() error {
		key, err := s.raw()
		if err != nil {
			return err
		}
		if err := s.take(':'); err != nil {
			return err
		}
		return each(key)
	})
}

// raw consumes a string and returns what is between the quotes, with escapes. It points
// into the data.
func (s *scanner) raw() ([]byte, error) {
	if err := s.take('"'); err != nil {
		return nil, err
	}
	start := s.pos
	for {
		n := bytes.IndexByte(s.data[s.pos:], '"')
		if n < 0 {
			return nil, errCutOff
		}
		s.pos += n + 1
		// The quote is escaped by an odd number of backslashes.
		end, slashes := s.pos-1, 0
		for i := end - 1; i >= start && s.data[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 0 {
			return s.data[start:end], nil
		}
	}
}

// text consumes a string.
func (s *scanner) text() (string, error) {
	s.peek()
	start := s.pos
	raw, err := s.raw()
	if err != nil || bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), err
	}
	var text string
	if err := json.Unmarshal(s.data[start:s.pos], &text); err != nil {
		return "", fmt.Errorf("string at byte %d: %w", start, err)
	}
	return text, nil
}

// skip consumes a value.
func (s *scanner) skip() error {
	s.peek()
	start := s.pos
	for depth := 0; s.pos < len(s.data); {
		switch s.data[s.pos] {
		case '"':
			if _, err := s.raw(); err != nil {
				return err
			}
		case '{', '[':
			depth++
			s.pos++
			continue
		case '}', ']', ',':
			if depth == 0 { // the end of the enclosing list or object
				return s.nonEmpty(start)
			}
			if s.data[s.pos] != ',' {
				depth--
			}
			s.pos++
		default:
			s.pos++
			continue
		}
		if depth == 0 {
			return nil
		}
	}
	return errCutOff
}

func (s *scanner) nonEmpty(start int) error {
	if s.pos == start {
		return fmt.Errorf("%q at byte %d, want a value", s.data[start], start)
	}
	return nil
}
