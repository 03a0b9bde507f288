package rpc

import (
	"net/http"
	"time"
)

const (
	// maxStreams bounds the calls of one connection at a time, as grpc-go's
	// documentation recommends; a client queues the others.
	maxStreams = 100
	// pingAfter is the silence after which a connection must prove that it lives.
	pingAfter = time.Minute
)

// Configure makes a server for a Handler speak gRPC's HTTP/2 without TLS, and
// HTTP/1, so that clients of another kind get an answer that they understand. The
// server's timeouts hold for each call.
func Configure(server *http.Server) {
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter}
}
