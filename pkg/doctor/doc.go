// Package doctor finds out whether spans from a configuration reach Jaeger, and
// if not, which hop is broken and what would mend it. Start at Run, which goes
// through Probes and returns a Report with a Verdict.
//
// Nothing that a sender is told proves delivery, neither a UDP write nor an HTTP
// 202 nor Jaeger's own health, so the doctor sends spans of its own and reads
// them back. Those spans, of the service otdemo-check, are all it changes.
package doctor
