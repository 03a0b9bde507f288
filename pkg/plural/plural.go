// Package plural prints counts that agree with what they count: "1 node", "2 nodes".
// Start at Of.
package plural

import "fmt"

// Of returns n and the words that go with it: one for 1, many for any other number. The
// words may go on to the verb, as in Of(n, "index is red", "indices are red").
func Of[N ~int | ~int32 | ~int64](n N, one, many string) string {
	return fmt.Sprintf("%d %s", n, Word(n, one, many))
}

// Word is Of without the number, for a verb that stands apart from it.
func Word[N ~int | ~int32 | ~int64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
