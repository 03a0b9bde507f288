// Package docker examines Jaeger's containers on a Docker engine, and writes the
// command that mends one. Start at Probe.
package docker
