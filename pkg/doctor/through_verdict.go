package doctor

import (
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// aboutConfiguration leaves out what is about an application, so that the way of
// the configuration is judged first: while that is broken, nothing can be said
// about others.
func aboutConfiguration(jobs []*job) []*job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return j.probe.ID == probe.IDThrough })
}
