// Package compose examines a compose file. Start at Probe.
package compose
