package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// hostileText has all that a terminal or a CI runner would obey, and begins a line
// with it: title and colours, C1, bidi, separators, bytes that are no text,
// commands of GitHub and Azure.
const hostileText = "::error title=INJ::x\x1b]0;PWNED\a\x1b[31m\u009b31m\u202e\u2066\u200f\u2028\x85\xff" +
	"\n::stop-commands::x\r\n  ::add-mask::y\r##[error]z ##vso[task.setvariable variable=a]b\x7f"

// wantHarmless fails for each thing in text that a terminal or a CI runner obeys.
func wantHarmless(t *testing.T, text string) {
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

// spoil puts text in the place of each string in v, and an element into each list
// and map that has none.
func spoil(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		spoil(v.Elem(), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				spoil(v.Field(i), text)
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			spoil(v.Index(i), text)
		}
	case reflect.Map:
		entry := func(of reflect.Type) reflect.Value { e := reflect.New(of).Elem(); spoil(e, text); return e }
		if v.Len() == 0 {
			v.Set(reflect.MakeMap(v.Type()))
		}
		v.SetMapIndex(entry(v.Type().Key()), entry(v.Type().Elem()))
	default:
	}
}

// Every string of a report may come from strangers, in every form that there is.
func TestHostileReport(t *testing.T) {
	t.Parallel()
	for _, status := range []doctor.Status{doctor.StatusOK, doctor.StatusWarn, doctor.StatusFail, doctor.StatusUnknown, hostileText} {
		for _, verdict := range []doctor.Answer{doctor.AnswerNo, doctor.AnswerUnknown, hostileText} {
			report := ill()
			spoil(reflect.ValueOf(&report).Elem(), hostileText)
			report.Verdict.Answer = verdict
			for i := range report.Findings {
				report.Findings[i].Status = status
			}
			for _, form := range []string{"text", "short", "json", "junit", "github"} {
				var out bytes.Buffer
				a := app{env: &Env{Stdout: &out}, color: newEnumFlag("never")}
				if err := a.writeReport(report, form, false); err != nil {
					t.Fatal(err)
				}
				text := out.String()
				if !strings.Contains(text, "PWNED") {
					t.Errorf("%s: nothing is shown: %q", form, text)
				}
				if form == "github" { // has commands of its own, one a line
					text = regexp.MustCompile(`(?m)^::(notice|warning|error) title=[^:]*::`).ReplaceAllString(text, "$1 ")
				}
				wantHarmless(t, text)
				if form == "json" {
					wantInJSON(t, out.Bytes(), hostileText)
				}
			}
			wantHarmlessBundle(t, report)
		}
	}
}

// wantInJSON fails unless the document has text to its last character.
func wantInJSON(t *testing.T, document []byte, text string) {
	t.Helper()
	var got any
	if err := json.Unmarshal(document, &got); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(fmt.Sprint(got), string([]rune(text))) {
		t.Errorf("%q is not in %s", text, document)
	}
}

func wantHarmlessBundle(t *testing.T, report doctor.Report) {
	t.Helper()
	b := bundle{
		report: report,
		loaded: &config.Loaded{
			File:     hostileText,
			Values:   []config.Value{{Key: "service", Text: hostileText, Origin: config.Origin{Detail: hostileText}}},
			Warnings: []config.Warning{{Text: hostileText}},
		},
		answers: []doctor.Exchange{{
			URL: hostileText, Err: hostileText, Status: 500, Body: []byte(hostileText),
			Header: map[string][]string{hostileText: {hostileText}},
		}},
	}
	files, err := b.files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		wantHarmless(t, string(f.content))
	}
	if last := string(files[len(files)-1].content); !strings.Contains(last, `\x1b]0;PWNED`) {
		t.Errorf("the raw answer is not told: %q", last)
	}
}

func TestHostileRun(t *testing.T) {
	t.Parallel()
	for _, interrupted := range []bool{false, true} {
		run := badRun()
		spoil(reflect.ValueOf(run).Elem(), hostileText)
		run.Outcome.Interrupted = interrupted
		run.Run.QueryURL = "http://localhost:16686"
		for _, form := range []string{"text", "html", "json"} {
			var out bytes.Buffer
			a := app{env: &Env{Stdout: &out}, color: newEnumFlag("never")}
			if err := a.writeRun(run, form); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), "PWNED") {
				t.Errorf("%s: nothing is shown", form)
			}
			wantHarmless(t, out.String())
		}
	}
}

func TestHostileComparison(t *testing.T) {
	t.Parallel()
	hostile := func(id trace.SpanID) compare.Side {
		side := compare.Side{Tracer: "jaeger", Trace: trace.Trace{
			Spans: []trace.Span{{
				SpanID: id, Operation: hostileText, Process: &trace.Process{Service: hostileText},
				Tags: []trace.Tag{{Key: hostileText, Value: trace.String(fmt.Sprint(hostileText, id))}},
			}},
			Warnings: []string{hostileText},
		}}
		side.Traits = []compare.Trait{{ID: "baggage", Answer: fmt.Sprint(hostileText, id)}}
		return side
	}
	reader, err := query.New("http://localhost:16686", query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report := compare.Traces(hostile(1), hostile(2), compare.NewIgnore(nil))
	for i := range report.Differences {
		d := &report.Differences[i]
		d.Note, d.Spans = hostileText, append(d.Spans, hostileText)
	}
	for _, form := range []string{"text", "json"} {
		var out bytes.Buffer
		c := comparison{
			app:     &app{env: &Env{Stdout: &out}, color: newEnumFlag("never")},
			request: client.Request{URL: hostileText}, opts: &compareOptions{output: newEnumFlag(form)}, reader: reader,
		}
		if err := c.print(report); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "PWNED") {
			t.Errorf("%s: nothing is shown", form)
		}
		wantHarmless(t, out.String())
	}
}

// What call prints besides a report: the answer, the trace, and errors that quote.
func TestHostileCall(t *testing.T) {
	t.Parallel()
	var out, stderr bytes.Buffer
	a := app{env: &Env{Stdout: &out, Stderr: &stderr}, color: newEnumFlag("never")}
	a.printCall(called{answer: client.Result{Body: []byte(hostileText)}}, nil)
	tr := &trace.Trace{Spans: []trace.Span{{Operation: hostileText, Process: &trace.Process{Service: hostileText}, Warnings: []string{hostileText}}}, Warnings: []string{hostileText}}
	if err := trace.Waterfall(&out, tr, a.drawOptions()); err != nil {
		t.Fatal(err)
	}
	printError(&stderr, errors.Join(errors.New(hostileText), withHint(errors.New("b"), hostileText)))
	a.warn([]config.Warning{{Text: hostileText, Hint: hostileText}})
	for _, text := range []string{out.String(), stderr.String()} {
		if !strings.Contains(text, "PWNED") {
			t.Errorf("nothing is shown: %q", text)
		}
		wantHarmless(t, text)
	}
}

func TestHostileLog(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"text", "json"} {
		var out bytes.Buffer
		l := newLogging()
		l.format.value = form
		l.logger(&out).Info(hostileText, hostileText, hostileText, "error", errors.New(hostileText))
		if !strings.Contains(out.String(), "PWNED") {
			t.Errorf("%s: nothing is logged", form)
		}
		wantHarmless(t, out.String())
	}
}

// A detail's further lines stand deeper than details, so that a stranger's text
// cannot pass for one.
func TestDetailLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	v := checkView{w: &out}
	v.finding(doctor.Finding{Status: doctor.StatusFail, Fact: "f", Code: "c", Evidence: []string{"a\nhint: b"}, Causes: []doctor.Cause{{Text: "a\nhint: b"}}})
	want := "FAIL              f [c]\n" + detailTab + "saw: a\n" + detailTab + furtherTab + "hint: b\n" + detailTab + "maybe: a\n" + detailTab + furtherTab + "hint: b\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
