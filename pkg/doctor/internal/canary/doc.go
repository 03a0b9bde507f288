// Package canary sends canary spans and reads them back, by the configured path and
// by others. Start at Probe.
package canary
