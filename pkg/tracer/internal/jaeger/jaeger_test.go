package jaeger

import (
	"runtime"
	"testing"
)

// Ids do not come back, whatever the garbage collector throws away.
func TestIDsDoNotRepeat(t *testing.T) {
	t.Parallel()
	const collections, each = 50, 2000
	seen := make(map[uint64]bool, collections*each)
	for range collections {
		for range each {
			id := newID()
			if seen[id] || id>>63 != 0 {
				t.Fatalf("got id %x: seen before, or longer than 63 bits", id)
			}
			seen[id] = true
		}
		runtime.GC()
	}
}
