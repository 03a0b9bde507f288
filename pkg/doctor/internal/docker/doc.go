// Package docker examines Jaeger's containers on a Docker engine, and writes
// the command that fixes one. Start at Probe.
package docker
