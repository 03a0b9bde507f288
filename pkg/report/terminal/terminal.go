// Package terminal is what reports share for output to a terminal: its properties as a
// value, colours, and a status line that is overwritten. Start at Options.
package terminal

import "fmt"

// Options are the properties of the terminal or file that a report is written to. The
// zero value is a file: no width, no colour, UTF-8.
type Options struct {
	// Width is the number of columns, 0 if it is unknown.
	Width int
	// Color allows colours.
	Color bool
	// ASCII restricts the output to ASCII.
	ASCII bool
}

// Columns returns the width, or 80 if it is unknown.
func (o Options) Columns() int {
	if o.Width <= 0 {
		return 80
	}
	return o.Width
}

// Color is a foreground colour of ECMA-48; the zero value is the default colour.
type Color int

// The colours that reports use.
const (
	Default Color = 0
	Red     Color = 31
	Green   Color = 32
	Yellow  Color = 33
)

// Paint returns s in a colour, or s itself if colours are not allowed.
func (o Options) Paint(color Color, s string) string {
	if !o.Color || color == Default {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", int(color), s)
}
