// Package cassandra examines the Cassandra that Jaeger writes to. Start at Probe.
package cassandra
