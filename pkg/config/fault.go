package config

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/internal/shell"
)

// Layer is one of the places a value can come from. A later layer wins over an
// earlier one.
type Layer int

// The layers, lowest first.
const (
	LayerDefault Layer = iota
	LayerFile          // config.yaml
	LayerJaeger        // JAEGER_* variables
	LayerOTel          // OTEL_* variables, with tracer otel
	LayerOtdemo        // OTDEMO_* variables
	LayerFlag          // the command line
)

// String returns default, file, jaeger, otel, otdemo or flag.
func (l Layer) String() string {
	return [...]string{"default", "file", "jaeger", "otel", "otdemo", "flag"}[l]
}

// Origin is where a value was set.
type Origin struct {
	Layer Layer
	// Detail is the place within the layer: "config.yaml:12",
	// "JAEGER_AGENT_HOST", "--agent-port". It is empty for a default.
	Detail string
}

// String returns the detail, or "default".
func (o Origin) String() string { return cmp.Or(o.Detail, o.Layer.String()) }

// assign returns the text that sets key to value, in the form of Value.Text, at this
// origin: a line of YAML, a variable or a flag.
func (o Origin) assign(key *Key, value string) string {
	switch o.Layer {
	case LayerJaeger, LayerOtdemo:
		return o.Detail + "=" + shell.Quote(value)
	case LayerOTel:
		return otelAssign(o.Detail, key, value)
	case LayerFlag:
		if !strings.HasPrefix(o.Detail, "-") {
			return shell.Quote(value) // an argument
		}
		return o.Detail + " " + shell.Quote(value)
	case LayerDefault, LayerFile:
	}
	if key.Type == TypeWords {
		value = "[" + value + "]"
	}
	return key.Name + ": " + value
}

// Fault is one error in the configuration. Load joins them, so errors.As finds the
// first and Unwrap() []error returns all. No fault contains a secret.
type Fault struct {
	// Origin is where the faulty value was set.
	Origin Origin
	// Text is the message without its origin.
	Text string

	hint string
	err  error
}

// Error returns "origin: text".
func (f *Fault) Error() string {
	if f.Origin.Detail == "" {
		return f.Text
	}
	return f.Origin.Detail + ": " + f.Text
}

// Hint returns one line that fixes the fault, or "".
func (f *Fault) Hint() string { return f.hint }

// Unwrap returns the operating system's error that caused the fault, if any.
func (f *Fault) Unwrap() error { return f.err }

// byPlace orders faults by layer, and by line in the file.
func byPlace(a, b *Fault) int {
	line := func(o Origin) int {
		n, _ := strconv.Atoi(o.Detail[strings.LastIndex(o.Detail, ":")+1:])
		return n
	}
	return cmp.Or(cmp.Compare(a.Origin.Layer, b.Origin.Layer), cmp.Compare(line(a.Origin), line(b.Origin)))
}

// Warning is about something valid that is probably a mistake. Its Text starts with its
// origin, if it has one.
type Warning struct {
	Text string
	// Hint is one line that removes the cause, or "".
	Hint string
}

// problem is what is wrong with a value, independent of its key and origin.
type problem struct {
	claim   string // what should be, after the key: "must be a whole number"
	got     string // the value as it is shown
	instead string // the value that was likely intended, if it can be guessed
	hint    string // the hint when there is no such value
}

// fault returns c as the Fault of key's value at from.
func (c *problem) fault(key *Key, from Origin) *Fault {
	f := &Fault{Origin: from, Text: key.Name + " " + c.claim, hint: c.hint}
	if c.got != "" && key.Type != TypeSecret {
		f.Text += ", got " + c.got
	}
	switch {
	case c.instead != "" && key.Type != TypeSecret:
		f.hint = didYouMean(from.assign(key, c.instead))
	case c.hint != "":
	case key.Type == TypeURL:
		f.hint = "such as " + from.assign(key, key.example)
	case key.Default != "" && from.Detail != envReconnectDisabled:
		f.hint = "the default is " + from.assign(key, key.Default)
	}
	return f
}

func didYouMean(instead string) string { return "did you mean " + instead + "?" }

// maxQuoted bounds the part of a value that a message quotes.
const maxQuoted = 80

// quote returns s for a message: in quotes, truncated when long, and without the user
// info of a URL.
func quote(s string) string {
	if strings.Contains(s, "://") {
		s = maskURL(s)
	}
	if r := []rune(s); len(r) > maxQuoted {
		s = string(r[:maxQuoted]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
