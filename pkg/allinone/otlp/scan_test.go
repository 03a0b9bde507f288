package otlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tokens are those of encoding/json.
func tokens(tb testing.TB, text []byte) []json.Token {
	tb.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var all []json.Token
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatalf("encoding/json: %v in %q", err, text)
		}
		all = append(all, token)
	}
}

// next returns the next token, as encoding/json has it.
func next(s *scanner) (json.Token, error) {
	switch c := s.peek(); c {
	case '{', '}', '[', ']':
		s.take(c)
		return json.Delim(c), nil
	case '"':
		return s.str()
	}
	switch word := string(s.word()); word {
	case "null":
		return nil, nil //nolint:nilnil // represents null
	case "true", "false":
		return word == "true", nil
	default:
		return json.Number(word), nil
	}
}

// FuzzScanner wants the tokens of encoding/json, and each value passed over as a
// whole.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{
		`{}`, ` [ ] `, `"a\"b\\"`, `-1.5e+10`, `null`, "\"\xff\"", `"\ud800\u00fc\\\""`, `{"a":[1,true,false,null,{"b":"]}"}],"c":""}`,
		`[[["\\"]],"\\\\",{"\"{":"["}]`, "\t{\r\n\"a\" : 1 , \"b\":[ ]}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := newScanner(text)
		if json.Valid(text) != (err == nil) {
			t.Fatalf("%q: got error %v", text, err)
		}
		if err != nil {
			return
		}
		want := tokens(t, text)
		for i := range want {
			got, err := next(s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[i], got); diff != "" {
				t.Fatalf("%q: token %d (-want +got):\n%s", text, i, diff)
			}
		}
		s.at = 0
		s.skip()
		if rest := strings.TrimSpace(string(s.text[s.at:])); rest != "" {
			t.Fatalf("%q: %q is left of the value", text, rest)
		}
	})
}

// What is not known costs nothing for each of its tokens: it took 1 µs and some
// memory for each, so that 24 kB of gzip kept a decoder busy for a second or more.
func TestUnknownValuesCostNoTokens(t *testing.T) {
	for name, value := range map[string]string{
		"elements": "[" + strings.Repeat("1,", 100_000) + "1]",
		"strings":  "[" + strings.Repeat(`"a\n",`, 100_000) + "1]",
		"members":  `{"b":1` + strings.Repeat(`,"a":1`, 100_000) + "}",
		"depth":    strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000),
	} {
		body := []byte(`{"unknown":` + value + `}`)
		allocs := testing.AllocsPerRun(3, func() {
			if _, err := FromJSON(body); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > 50 {
			t.Errorf("%s: %v allocations, want a few", name, allocs)
		}
	}
}

func TestDeepUnknownValuesAreRefused(t *testing.T) {
	t.Parallel()
	_, err := FromJSON([]byte(`{"unknown":` + strings.Repeat(`[`, 1_000_000) + strings.Repeat(`]`, 1_000_000) + `}`))
	if err == nil || !strings.Contains(err.Error(), "max depth") {
		t.Errorf("got %v, want an error about the depth", err)
	}
}
