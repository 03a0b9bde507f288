package config

import "strings"

// Nearest returns the candidate that was likely intended by name, or "". It ignores
// case, dots, dashes and underscores, and allows one wrong letter, and one more for each
// six letters, up to three.
func Nearest(name string, candidates []string) string {
	name = fold(name)
	best, limit := "", min(1+len(name)/6, 3)
	for _, candidate := range candidates {
		folded := fold(candidate)
		if folded == name {
			return candidate
		}
		if len(name)-len(folded) > limit {
			continue // also avoids quadratic time for a hostile name
		}
		if d := distance(name, folded); d <= limit && d < len(folded) {
			best, limit = candidate, d-1
		}
	}
	return best
}

// similar returns the name that was likely intended, else the one or two that end like
// it: host may be reporter.agent.host or serve.host. Parts are separated by sep.
func similar(name, sep string, names []string) string {
	if near := Nearest(name, names); near != "" {
		return near
	}
	for tail, more := name, true; more; _, tail, more = strings.Cut(tail, sep) {
		var same []string
		for _, candidate := range names {
			if strings.HasSuffix(sep+candidate, sep+tail) {
				same = append(same, candidate)
			}
		}
		if len(same) == 1 || len(same) == 2 {
			return strings.Join(same, " or ")
		}
	}
	return ""
}

func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToLower(s))
}

// distance returns the number of letters to insert, delete, change or swap with their
// neighbour (optimal string alignment).
func distance(a, b string) int {
	before, above := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := above[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(above[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above = above, row
	}
	return above[len(b)]
}
