// Package allinone is a Jaeger in memory, inside this process: it takes spans
// wherever Jaeger's all-in-one does, keeps them within a bound of memory, answers
// Jaeger's query API, hands out sampling strategies, and tells of every span that
// it knows to be lost. Start at Start; Listeners has all that it listens on.
//
// Its parts are packages: udp reads sockets, wire decodes thrift and Zipkin's
// JSON, otlp, apiv2, appdash and rpc read what comes as protobuf and gRPC, store
// keeps and finds, api answers, sampling advises. A further receiver is a row in Listeners
// and a file here, beside agent.go and collector.go, that hands its batches to an
// inlet.
package allinone
