package plural_test

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/plural"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 indices are red", 1: "1 index is red", 2: "2 indices are red", 1_000_001: "1000001 indices are red", -1: "-1 indices are red",
	} {
		if got := plural.Of(n, "index is red", "indices are red"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
