// Package identity finds out which Jaeger shows the traces. Start at Probe.
package identity
