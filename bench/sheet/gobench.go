package sheet

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// GoBench is what one Go benchmark came to.
type GoBench struct {
	// Name is without "Benchmark" and without the number of processors.
	Name string
	// Units are those that it reports, in its order; Figures has a sample of each,
	// a figure for each time it ran.
	Units   []string
	Figures map[string]Sample
}

// ParseGoBench reads what go test -bench prints, in the order of the benchmarks.
// Lines of the benchmarks' own logs are passed over.
func ParseGoBench(r io.Reader) ([]GoBench, error) {
	var all []GoBench
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, figures, found := strings.Cut(lines.Text(), "\t")
		if !found || !strings.HasPrefix(name, "Benchmark") {
			continue
		}
		name = strings.TrimPrefix(processors.ReplaceAllString(strings.TrimSpace(name), ""), "Benchmark")
		i := slices.IndexFunc(all, func(b GoBench) bool { return b.Name == name })
		if i < 0 {
			i = len(all)
			all = append(all, GoBench{Name: name, Figures: make(map[string]Sample)})
		}
		if err := all[i].add(figures); err != nil {
			return nil, fmt.Errorf("benchmark %s: %w", name, err)
		}
	}
	return all, lines.Err()
}

// processors is the suffix with GOMAXPROCS.
var processors = regexp.MustCompile(`-\d+$`)

// add takes the figures of one run: the number of iterations, then pairs of value
// and unit.
func (b *GoBench) add(figures string) error {
	fields := strings.Fields(figures)
	if len(fields)%2 != 1 {
		return fmt.Errorf("want iterations and pairs of value and unit, got %q", figures)
	}
	for pair := range slices.Chunk(fields[1:], 2) {
		value, err := strconv.ParseFloat(pair[0], 64)
		if err != nil {
			return fmt.Errorf("value of %s: %w", pair[1], err)
		}
		if _, known := b.Figures[pair[1]]; !known {
			b.Units = append(b.Units, pair[1])
		}
		b.Figures[pair[1]] = append(b.Figures[pair[1]], value)
	}
	return nil
}
