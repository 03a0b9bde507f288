package check

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor"
)

// The JUnit dialect that Jenkins, GitLab and GitHub's test reporters read
// (github.com/testmoapp/junitxml describes it): a failure is a claim that is
// false, an error is a claim that is neither proven nor disproven.
type junitSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suite   junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"` // seconds
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Time    string       `xml:"time,attr"` // seconds
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
	Output  string       `xml:"system-out,omitempty"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes one test case per finding, and one for the verdict, which
// alone decides whether spans reach Jaeger.
func WriteJUnit(w io.Writer, r doctor.Report) error {
	r = harmlessReport(r)
	suite := junitSuite{
		Name:      "check-jaeger",
		Time:      seconds(r.ElapsedMS),
		Timestamp: r.Started.UTC().Format(time.RFC3339),
	}
	for _, f := range r.Findings {
		suite.add(junitFinding(f))
	}
	suite.add(junitVerdict(r.Verdict))
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Suite: suite}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitFinding(f doctor.Finding) junitCase {
	c := junitCase{
		Class: "check-jaeger." + f.Hop.String(),
		Name:  f.ID + ": " + f.Title,
		Time:  seconds(f.ElapsedMS),
	}
	text := strings.Join(details(f), "\n")
	result := &junitResult{Message: f.Fact, Type: string(f.Code), Text: text}
	switch f.Status {
	case doctor.StatusFail:
		c.Failure = result
	case doctor.StatusUnknown:
		c.Error = result
	case doctor.StatusSkip:
		c.Skipped = &junitResult{Message: f.Fact}
	case doctor.StatusOK:
		c.Output = f.Fact
	case doctor.StatusWarn:
		c.Output = strings.TrimSuffix("warning: "+f.Fact+"\n"+text, "\n")
	}
	return c
}

func junitVerdict(v doctor.Verdict) junitCase {
	c := junitCase{Class: "check-jaeger", Name: "verdict: spans reach Jaeger", Time: seconds(0)}
	result := &junitResult{Message: v.Text, Type: string(v.Code)}
	if v.Fix != "" {
		result.Text = "fix: " + v.Fix
	}
	switch v.Answer {
	case doctor.AnswerNo:
		c.Failure = result
	case doctor.AnswerUnknown:
		c.Error = result
	case doctor.AnswerYes:
		c.Output = v.Text
	}
	return c
}

func seconds(ms float64) string { return fmt.Sprintf("%.3f", ms/1000) }
