// Package load makes a run of traced calls, each one a trace, at a rate or as
// fast as its workers go, and measures their latencies. Start at Run, or at Call for a
// single one; a Recorder makes a Report of results, those of a run or those that
// ReadResults reads from the file of a ResultsWriter.
package load
