package config

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
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
	switch l {
	case LayerFile:
		return "file"
	case LayerJaeger:
		return "jaeger"
	case LayerOTel:
		return "otel"
	case LayerOtdemo:
		return "otdemo"
	case LayerFlag:
		return "flag"
	case LayerDefault:
	}
	return "default"
}

// MarshalText implements encoding.TextMarshaler with the form of String.
func (l Layer) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Origin says where a value was written down.
type Origin struct {
	Layer Layer
	// Detail is the place within the layer: "config.yaml:12",
	// "JAEGER_AGENT_HOST", "--agent-port". It is empty for a default.
	Detail string
}

// String returns the detail, or "default".
func (o Origin) String() string {
	if o.Detail == "" {
		return o.Layer.String()
	}
	return o.Detail
}

// assign returns the text that gives key the value, as Value.Text has it, at
// this origin: a line of YAML, a variable or a flag.
func (o Origin) assign(key *Key, value string) string {
	switch o.Layer {
	case LayerJaeger, LayerOtdemo:
		return o.Detail + "=" + shellQuote(value)
	case LayerOTel:
		return otelAssign(o.Detail, key, value)
	case LayerFlag:
		if !strings.HasPrefix(o.Detail, "-") {
			return shellQuote(value) // an argument
		}
		return o.Detail + " " + shellQuote(value)
	case LayerDefault, LayerFile:
	}
	if key.Type == TypeWords {
		value = "[" + value + "]"
	}
	return key.Name + ": " + value
}

// withdraw returns the order to take key away from this origin.
func (o Origin) withdraw(key *Key) string {
	if o.Layer == LayerFile {
		return fmt.Sprintf("remove %s at %s", key.Name, o.Detail)
	}
	return "unset " + o.Detail
}

// shellQuote leaves plain words as they are, so that hints stay readable.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n\"'`$&|;<>()*?[]#~{}\\!") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Fault is one thing wrong with the configuration. Load joins them, so
// errors.As finds the first and Unwrap() []error gives all. No fault shows a
// secret.
type Fault struct {
	// Origin is where the faulty value was written down.
	Origin Origin
	// Key is the key concerned, with dots, or empty when it is not one key.
	Key string
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

// Hint returns one line that mends the fault, or "" when none is known.
func (f *Fault) Hint() string { return f.hint }

// Unwrap returns the error of the operating system that is behind the fault, if
// there is one.
func (f *Fault) Unwrap() error { return f.err }

// byPlace orders faults as they are mended: by layer, and by line in the file.
func byPlace(a, b *Fault) int {
	line := func(o Origin) int {
		n, err := strconv.Atoi(o.Detail[strings.LastIndex(o.Detail, ":")+1:])
		if err != nil {
			return 0
		}
		return n
	}
	return cmp.Or(cmp.Compare(a.Origin.Layer, b.Origin.Layer), cmp.Compare(line(a.Origin), line(b.Origin)))
}

func join(faults []*Fault) error {
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return errors.Join(errs...)
}

// Warning is something legal that is surely not meant. Its Text starts with its
// origin where it has one.
type Warning struct {
	Text string
	// Hint is one line that ends the warning, or "" when none is known.
	Hint string
}

// complaint is what is wrong with a value, before it is known whose value it
// is.
type complaint struct {
	claim   string // what should be, after the key: "must be a whole number"
	got     string // the value as it is shown
	instead string // the value that was likely meant, if it can be guessed
	hint    string // the hint when there is no such value
}

// fault makes a Fault of c for the value of key at from.
func (c *complaint) fault(key *Key, from Origin) *Fault {
	f := &Fault{Origin: from, Key: key.Name, Text: key.Name + " " + c.claim, hint: c.hint}
	if c.got != "" && key.Type != TypeSecret {
		f.Text += ", got " + c.got
	}
	switch {
	case c.instead != "" && key.Type != TypeSecret:
		f.hint = fmt.Sprintf("did you mean %s?", from.assign(key, c.instead))
	case c.hint != "":
	case key.Type == TypeURL:
		f.hint = "such as " + from.assign(key, key.example)
	case key.Default != "" && from.Detail != envReconnectDisabled:
		f.hint = "the default is " + from.assign(key, key.Default)
	}
	return f
}

// maxQuoted bounds the part of a value that a message repeats.
const maxQuoted = 80

// quote returns s for a message: in quotes, cut when long, and without the user
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
