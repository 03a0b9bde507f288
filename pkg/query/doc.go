// Package query reads traces and services back from Jaeger's query API, the
// address of Jaeger's UI, or from Zipkin's server. Start at New; WaitTrace is for
// spans that have only just been sent. Its errors tell apart what a person would
// do about them: see TransportError, StatusError, NotJSONError and ErrNotFound.
package query
