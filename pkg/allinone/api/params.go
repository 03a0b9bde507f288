package api

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

const (
	defaultLimit = 100 // Jaeger's
	// maxLimit bounds an answer; Jaeger's UI asks for 1500 at most.
	maxLimit = 10_000
)

// params reads the parameters of a request. err is about the first that cannot be read.
type params struct {
	values url.Values
	word   func(name string, err error) error // as the API has it
	err    error
}

// v1Params are worded as in Jaeger's cmd/query/app/query_parser.go (1.62).
func v1Params(values url.Values) *params {
	return &params{values: values, word: func(name string, err error) error {
		if name == "limit" {
			return err // Jaeger's answer is this very text
		}
		return fmt.Errorf("unable to parse param '%s': %w", name, err)
	}}
}

func v3Params(values url.Values) *params { return &params{values: values, word: malformed} }

func malformed(name string, err error) error {
	return fmt.Errorf("malformed parameter %s: %w", name, err)
}

func (p *params) fail(err error) { p.err = cmp.Or(p.err, err) }

// text returns the first of the parameters that is there, and its name.
func (p *params) text(names ...string) (text, name string) {
	for _, name := range names {
		if text := p.values.Get(name); text != "" {
			return text, name
		}
	}
	return "", ""
}

// parsed parses the first of the parameters that is there; else it returns zero.
func parsed[T any](p *params, parse func(string) (T, error), names ...string) T {
	text, name := p.text(names...)
	if text == "" {
		return *new(T)
	}
	value, err := parse(text)
	if err != nil {
		p.fail(p.word(name, err))
	}
	return value
}

// limit takes 0 and less for as many as an answer may have.
func (p *params) limit(parse func(string) (int, error), names ...string) int {
	if text, _ := p.text(names...); text == "" {
		return defaultLimit
	}
	n := parsed(p, parse, names...)
	if n <= 0 || n > maxLimit {
		return maxLimit
	}
	return n
}

func parseInt(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }

func parseInt32(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err
}

// microseconds reads a time since 1970.
func microseconds(text string) (time.Time, error) {
	n, err := parseInt(text)
	return time.UnixMicro(n), err
}
