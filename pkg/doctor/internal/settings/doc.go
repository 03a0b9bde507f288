// Package settings examines the configuration and the environment: the settings
// of the tracer, and what its sampler keeps. Start at ConfigProbe.
package settings
