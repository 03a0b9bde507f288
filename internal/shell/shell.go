// Package shell writes words for commands that a user pastes. Start at Quote.
package shell

import (
	"fmt"
	"strings"

	"github.com/otdemo/otdemo/pkg/printable"
)

// Quote quotes s for a POSIX shell if necessary. Characters that cannot be shown are
// written as escapes of printf, since a renderer would replace them and change the
// command. A shell removes line breaks at the end of that.
func Quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./-_", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	if printable.Line(s) == s {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var quoted strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '%':
			quoted.WriteString("%%")
		case c < ' ' || c > '~' || strings.IndexByte(`#'\`, c) >= 0 || c == '-' && i == 0:
			fmt.Fprintf(&quoted, `\%03o`, c)
		default:
			quoted.WriteByte(c)
		}
	}
	return `"$(printf '` + quoted.String() + `')"`
}
