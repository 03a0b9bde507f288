// Package settings examines the configuration and the environment: what the tracer is
// told, and what its sampler keeps. Start at ConfigProbe.
package settings
