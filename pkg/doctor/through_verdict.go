package doctor

import (
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// aboutConfiguration leaves out the findings about an application, so that the
// path of the configuration is judged first: while that is broken, nothing is
// known about others.
func aboutConfiguration(jobs []*job) []*job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return j.probe.ID == probe.IDThrough })
}
