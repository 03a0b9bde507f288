package identitytest

import (
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// JaegerOn returns the outcome of the identity probe for a Jaeger of that version on host.
func JaegerOn(host, text string) probe.Outcome {
	v, _ := jaegers.ParseVersion(text)
	return probe.Outcome{
		Finding:   probe.Found(probe.StatusOK, identity.CodeVersion, "x"),
		Published: identity.Identity{Major: v.Major, Version: v, Text: text, Host: host, Source: "the page"},
	}
}
