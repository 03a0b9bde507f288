package probe

import (
	"fmt"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
)

// OriginOf is where the value of a known key is from.
func OriginOf(loaded *config.Loaded, key string) config.Origin {
	for _, v := range loaded.Values {
		if v.Key == key {
			return v.Origin
		}
	}
	return config.Origin{}
}

// List joins names and leaves out most of many.
func List(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// First returns the first line, or "".
func First(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}
