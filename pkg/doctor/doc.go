// Package doctor finds out whether spans from a configuration reach Jaeger, and
// if not, which hop is broken and how to fix it. Start at Run, which runs
// Probes and returns a Report with a Verdict.
//
// No response to a sender proves delivery, neither a UDP write nor an HTTP 202
// nor Jaeger's own health, so the doctor sends its own spans and reads them
// back. These spans, of the service otdemo-check, are all that it changes.
package doctor
