// Package golden compares what a test made with a file, and writes the file when the
// test runs with -update. Start at Check.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//nolint:gochecknoglobals // a flag must be defined before the tests' flags are parsed
var update = flag.Bool("update", false, "write the golden files that the tests compare with")

// Check fails the test when the file at path is not got, and shows the difference. With
// -update it writes the file first.
func Check(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; the test's -update writes it (-want +got):\n%s", path, diff)
	}
}
