// Package query reads traces and services back from Jaeger's query API, the
// address of Jaeger's UI, or from Zipkin's server. Start at New; WaitTrace waits for
// spans that were just sent. Its errors are distinguished by their remedy: see
// TransportError, StatusError, NotJSONError and ErrNotFound.
package query
