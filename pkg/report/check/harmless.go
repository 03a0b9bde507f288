package check

import (
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/printable"
)

// harmlessReport returns r with its text made harmless, as every format but JSON needs
// it. A report quotes untrusted text, such as service names, versions, log lines,
// compose files and responses of servers.
func harmlessReport(r doctor.Report) doctor.Report {
	v := &r.Verdict
	v.Answer = doctor.Answer(printable.Line(string(v.Answer)))
	v.FirstBrokenHop = doctor.Hop(printable.Line(string(v.FirstBrokenHop)))
	v.Probe, v.Code = printable.Line(v.Probe), doctor.Code(printable.Line(string(v.Code)))
	v.Text, v.Fix = printable.Line(v.Text), printable.Text(v.Fix)
	r.Findings = slices.Clone(r.Findings)
	for i := range r.Findings {
		r.Findings[i] = harmlessFinding(r.Findings[i])
	}
	return r
}

// harmlessFinding returns f with its text made harmless. A fact is one line; evidence,
// causes and hints may have several.
func harmlessFinding(f doctor.Finding) doctor.Finding {
	f.ID, f.Title, f.Explains = printable.Line(f.ID), printable.Line(f.Title), printable.Line(f.Explains)
	f.Code, f.Status = doctor.Code(printable.Line(string(f.Code))), doctor.Status(printable.Line(string(f.Status)))
	f.Hop, f.Fact = doctor.Hop(printable.Line(string(f.Hop))), printable.Line(f.Fact)
	f.Evidence, f.Hints, f.Causes = texts(f.Evidence), texts(f.Hints), slices.Clone(f.Causes)
	for i, c := range f.Causes {
		f.Causes[i] = doctor.Cause{Text: printable.Text(c.Text), Command: printable.Text(c.Command)}
	}
	return f
}

func texts(list []string) []string {
	safe := slices.Clone(list)
	for i := range safe {
		safe[i] = printable.Text(safe[i])
	}
	return safe
}
