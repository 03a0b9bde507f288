// Package queryapi examines the query API from which traces are read. Start at Probe.
package queryapi
