package doctor

import (
	"github.com/otdemo/otdemo/pkg/doctor/internal/compose"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// ValidateCompose returns an error with a hint if target.Compose names a file
// that cannot be read or is not a compose file.
func ValidateCompose(target probe.Target) error { return compose.Validate(target) }
