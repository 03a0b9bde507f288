//go:build storage && linux

package integration

import (
	"slices"
	"testing"
)

// wound is a Jaeger that does not start for its storage.
type wound struct {
	// The ailment is what check-jaeger makes of it, with the flags for the storage
	// as this Jaeger is told of it.
	ailment
	// env are Jaeger's variables, and says is in its own log.
	env  []string
	says string
	// heal are the variables that mend it, known the flags for the storage then.
	heal, known []string
}

// suffer expects Jaeger to end, to say why, and check-jaeger at the place to find it.
func (w wound) suffer(t *testing.T, j *deployed, at place) {
	t.Helper()
	j.startInVain(t, w.says)
	w.flags = slices.Concat([]string{"--query-url", j.queryURL()}, j.sendFlags(t), w.flags)
	w.examine(t, at)
}
