// Package allinone is a Jaeger in memory, inside this process: it receives spans on
// every port of Jaeger's all-in-one, keeps them within a memory limit, serves Jaeger's
// query API and sampling strategies, and counts every span that is known to be lost.
// Start at Start; Listeners lists all ports.
//
// A receiver of spans is a package below this one (agent, collector, zipkin, apiv2,
// otlp, appdash), with the handler and the decoder of its protocol. It is an
// ingest.Receiver and one row in receivers. All deliver to ingest, which counts; store
// keeps and finds spans, api serves queries, sampling the strategies.
package allinone
