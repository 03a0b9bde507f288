//go:build storage && linux

package integration

import (
	"slices"
	"testing"
)

// storageFault is a Jaeger that does not start for its storage.
type storageFault struct {
	// The fault case is what check-jaeger makes of it, with the flags for the storage
	// as this Jaeger is told of it.
	faultCase
	// env are Jaeger's variables, and says is in its own log.
	env  []string
	says string
	// fix are the variables that mend it, known the flags for the storage then.
	fix, known []string
}

// check expects Jaeger to end, to say why, and check-jaeger at the place to find it.
func (w storageFault) check(t *testing.T, j *deployed, at place) {
	t.Helper()
	j.startInVain(t, w.says)
	w.flags = slices.Concat([]string{"--query-url", j.queryURL()}, j.sendFlags(t), w.flags)
	w.examine(t, at)
}
