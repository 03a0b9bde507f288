// Package rpc serves unary gRPC calls on top of net/http's HTTP/2 without TLS. It bounds
// the memory of all messages together, which grpc-go's server cannot
// (docs/design/003-decoding-by-hand.md). It has what these calls need of gRPC: framing,
// gzip, statuses. Start at Handler and Configure.
package rpc
