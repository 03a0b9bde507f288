// Package printabletest has text that does harm where it is shown as it is, and checks
// that what a program shows does none. Start at Hostile and Check.
package printabletest

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Hostile has all that a terminal or a CI runner obeys, and begins a line with it:
// title and colours, C1, bidi, separators, bytes that are not UTF-8, commands of GitHub
// and Azure. What shows any of it has the word PWNED.
const Hostile = "::error title=INJ::x\x1b]0;PWNED\a\x1b[31m\u009b31m\u202e\u2066\u200f\u2028\x85\xff" +
	"\n::stop-commands::x\r\n  ::add-mask::y\r##[error]z ##vso[task.setvariable variable=a]b\x7f"

// Check fails the test for each thing in text that a terminal or a CI runner obeys.
func Check(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for line := range strings.SplitSeq(text, "\n") {
		for _, r := range line {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Errorf("%U in %q", r, line)
			}
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") || regexp.MustCompile(`##\pL*\[`).MatchString(line) {
			t.Errorf("a command: %q", line)
		}
	}
}

// Fill replaces each string in what pointer points to by text, and adds an element to
// each list and map that is empty.
func Fill(pointer any, text string) { fill(reflect.ValueOf(pointer).Elem(), text) }

func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Map:
		entry := func(of reflect.Type) reflect.Value { e := reflect.New(of).Elem(); fill(e, text); return e }
		if v.Len() == 0 {
			v.Set(reflect.MakeMap(v.Type()))
		}
		v.SetMapIndex(entry(v.Type().Key()), entry(v.Type().Elem()))
	default:
	}
}
