// Package ports scans the ports that a Jaeger of any generation listens on. Start at
// Probe.
package ports
