package doctor

import "fmt"

// esSupport says which Jaegers work with a major version of a product. The
// source is failures.md 1.3, from Jaeger's changelog: #1690 (7), #5448 (end of 5
// and 6), #4829 (8), #7320 and #7358 (9); #3198, #3966 and #7356 (OpenSearch 1,
// 2 and 3).
type esSupport struct {
	opensearch bool
	major      int
	// one and two are the first releases of Jaeger 1 and 2; two is zero when no
	// Jaeger 2 works.
	one, two version
	// last is the last release that works, zero when there is none.
	last version
}

func esSupports() []esSupport {
	return []esSupport{
		{major: 5, one: versionAt(1, 0), last: versionAt(1, 57)},
		{major: 6, one: versionAt(1, 0), last: versionAt(1, 57)},
		{major: 7, one: versionAt(1, 14), two: versionAt(2, 0)},
		{major: 8, one: versionAt(1, 52), two: versionAt(2, 0)},
		{major: 9, one: versionAt(1, 72), two: versionAt(2, 9)},
		{opensearch: true, major: 1, one: versionAt(1, 26), two: versionAt(2, 0)},
		{opensearch: true, major: 2, one: versionAt(1, 39), two: versionAt(2, 0)},
		{opensearch: true, major: 3, one: versionAt(1, 72), two: versionAt(2, 9)},
	}
}

// supportOf returns what is known about a product's version.
func supportOf(opensearch bool, v version) (esSupport, bool) {
	for _, s := range esSupports() {
		if s.opensearch == opensearch && s.major == v.major {
			return s, true
		}
	}
	return esSupport{}, false
}

// String lists the Jaegers that work.
func (s esSupport) String() string {
	if s.last.known() {
		return fmt.Sprintf("Jaeger 1 up to 1.%d", s.last.minor)
	}
	return fmt.Sprintf("Jaeger 1.%d or 2.%d and newer", s.one.minor, s.two.minor)
}

// by reports whether a Jaeger of that version works.
func (s esSupport) by(jaeger version) bool {
	first := s.one
	if jaeger.major > 1 {
		first = s.two
	}
	tooNew := s.last.known() && jaeger.atLeast(s.last.major, s.last.minor+1)
	return first.known() && jaeger.atLeast(first.major, first.minor) && !tooNew
}
