package printable

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile is what strangers sent in the field.
func hostile() []string {
	return []string{
		"", "plain", "größe 50 µs", "::1", "\ufffd",
		"shop\x1b]0;PWNED\a\x1b[31m\n::error title=INJ::x",
		"a\u202eb\u2066c\u2069d\u200ee\u200ff\u061cg",
		"a\u2028::error::x\u2029b\u0085c\u009b31m\x7f\x00",
		"\r\n::stop-commands::x\r::add-mask::y", " \t\u00a0\u2003::set-env name=x::y", "\ufeff::error::x", ":::", "::::",
		"x ##[error]y", "###[group]z", "##vso[task.setvariable variable=a]b", "##teamcity[x]", "# # ##", "##\n[x]", "##\ta[",
		"a\xffb", "\xe2\x82", "\xed\xa0\x80", "\xff::error::x", "\xc2\x9b31m", "\U000e0041\U0001f4a9\ue000",
	}
}

// check fails when a line of text has what a terminal or a CI runner obeys.
func check(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q is not UTF-8", text)
	}
	for line := range strings.SplitSeq(text, "\n") {
		for _, r := range line {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Errorf("%q has %U", text, r)
			}
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%q has a line that begins with ::", text)
		}
		if regexp.MustCompile(`##\pL*\[`).MatchString(line) {
			t.Errorf("%q has ##[", text)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"größe 50 µs": "größe 50 µs",
		"shop\x1b]0;PWNED\a\x1b[31m\n::error title=INJ::x": "shop?]0;PWNED??[31m ::error title=INJ::x",
		"one\r\ntwo\tthree":   "one two three",
		" ::error::x":         " : :error::x",
		"a ##[error]b ##vso[": "a # #[error]b # #vso[",
		"## heading # [x]":    "## heading # [x]",
		"a\xff\u202eb":        "a??b",
	} {
		if got := Line(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	if got, want := Text("one\r\n::error::x\n\ttwo\x1b\n"), "one\n: :error::x\n two?\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEscaped(t *testing.T) {
	t.Parallel()
	got := Escaped([]byte("a\tb\r\n::x\xff\u202e\x1b\U000e0041\ufffd"))
	if want := `a\tb\r` + "\n" + `: :x\xff\u202e\x1b\U000e0041` + "\ufffd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The document stays the same to whoever reads it as JSON.
func TestJSON(t *testing.T) {
	t.Parallel()
	for _, text := range hostile() {
		var given bytes.Buffer
		enc := json.NewEncoder(&given)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "\t")
		if err := enc.Encode(map[string]any{text: []string{text}}); err != nil {
			t.Fatal(err)
		}
		out := JSON(given.Bytes())
		check(t, strings.ReplaceAll(string(out), "\t", " "))
		var got map[string][]string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		want := string([]rune(text))
		if len(got[want]) != 1 || got[want][0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWriters(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, write := range []func() (int, error){
		func() (int, error) { return TextWriter(&out).Write([]byte("a\x1b\n")) },
		func() (int, error) { return JSONWriter(&out).Write([]byte("[\"\u202e\"]\n")) },
	} {
		if _, err := write(); err != nil {
			t.Error(err)
		}
	}
	if got, want := out.String(), "a?\n[\"\\u202e\"]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line, text, escaped := Line(s), Text(s), Escaped([]byte(s))
		for _, out := range []string{line, text, escaped} {
			check(t, out)
		}
		if strings.Contains(line, "\n") {
			t.Errorf("%q is more than one line", line)
		}
		if Line(line) != line || Text(text) != text {
			t.Errorf("%q: another pass changes it", s)
		}
		if quoted := strconv.QuoteToASCII(s); Line(quoted) != quoted && !strings.Contains(quoted, "##") {
			t.Errorf("%q: harmless text is changed", quoted)
		}
		if out, err := json.Marshal(s); err == nil {
			var got string
			if err := json.Unmarshal(JSON(out), &got); err != nil || got != string([]rune(s)) {
				t.Errorf("%q: got %q from JSON, %v", s, got, err)
			}
		}
	})
}
