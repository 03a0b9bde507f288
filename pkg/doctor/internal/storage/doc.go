// Package storage reads where Jaeger stores spans and what it counts. Start at
// KindProbe.
package storage
