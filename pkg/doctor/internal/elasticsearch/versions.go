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
	// one and two are the first releases of Jaeger 1 and 2 that work. If last is
	// not 0, it is the last of Jaeger 1, and no Jaeger 2 works.
	one, two, last int
}

func supported() []support {
	return []support{
		{major: 5, last: 57},
		{major: 6, last: 57},
		{major: 7, one: 14},
		{major: 8, one: 52},
		{major: 9, one: 72, two: 9},
		{opensearch: true, major: 1, one: 26},
		{opensearch: true, major: 2, one: 39},
		{opensearch: true, major: 3, one: 72, two: 9},
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
	if s.last > 0 {
		return fmt.Sprintf("Jaeger 1 up to 1.%d", s.last)
	}
	return fmt.Sprintf("Jaeger 1.%d or 2.%d and newer", s.one, s.two)
}

func (s support) by(jaeger jaegers.Version) bool {
	switch {
	case s.last > 0:
		return !jaeger.AtLeast(1, s.last+1)
	case jaeger.Major == 1:
		return jaeger.Minor >= s.one
	default:
		return jaeger.AtLeast(2, s.two)
	}
}
