package elasticsearch

import (
	"fmt"
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

// support lists the Jaeger versions that work with a major version of a
// product. The source is failures.md 1.3, from Jaeger's changelog: #1690 (7),
// #5448 (end of 5 and 6), #4829 (8), #7320 and #7358 (9); #3198, #3966 and
// #7356 (OpenSearch 1, 2 and 3).
type support struct {
	opensearch bool
	major      int
	// one and two are the first releases of Jaeger 1 and 2; two is zero when no
	// Jaeger 2 works.
	one, two jaegers.Version
	// last is the last release that works, zero if there is no last one.
	last jaegers.Version
}

func supported() []support {
	return []support{
		{major: 5, one: jaegers.VersionAt(1, 0), last: jaegers.VersionAt(1, 57)},
		{major: 6, one: jaegers.VersionAt(1, 0), last: jaegers.VersionAt(1, 57)},
		{major: 7, one: jaegers.VersionAt(1, 14), two: jaegers.VersionAt(2, 0)},
		{major: 8, one: jaegers.VersionAt(1, 52), two: jaegers.VersionAt(2, 0)},
		{major: 9, one: jaegers.VersionAt(1, 72), two: jaegers.VersionAt(2, 9)},
		{opensearch: true, major: 1, one: jaegers.VersionAt(1, 26), two: jaegers.VersionAt(2, 0)},
		{opensearch: true, major: 2, one: jaegers.VersionAt(1, 39), two: jaegers.VersionAt(2, 0)},
		{opensearch: true, major: 3, one: jaegers.VersionAt(1, 72), two: jaegers.VersionAt(2, 9)},
	}
}

func supportOf(opensearch bool, v jaegers.Version) (support, bool) {
	all := supported()
	i := slices.IndexFunc(all, func(s support) bool { return s.opensearch == opensearch && s.major == v.Major })
	if i < 0 {
		return support{}, false
	}
	return all[i], true
}

// String lists the Jaegers that work.
func (s support) String() string {
	if s.last.Known() {
		return fmt.Sprintf("Jaeger 1 up to 1.%d", s.last.Minor)
	}
	return fmt.Sprintf("Jaeger 1.%d or 2.%d and newer", s.one.Minor, s.two.Minor)
}

func (s support) by(jaeger jaegers.Version) bool {
	first := s.one
	if jaeger.Major > 1 {
		first = s.two
	}
	tooNew := s.last.Known() && jaeger.AtLeast(s.last.Major, s.last.Minor+1)
	return first.Known() && jaeger.AtLeast(first.Major, first.Minor) && !tooNew
}
