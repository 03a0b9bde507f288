// Package store keeps traces in memory, within a bound of bytes: when they do
// not fit, whole traces go, the one longest without a new span first, and are
// counted. Start at New and Store.Add; Store.Trace and Store.Find read.
package store
