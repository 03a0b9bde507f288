// Package allinone is a Jaeger in memory, inside this process: it takes spans on
// UDP as Jaeger's agent does, keeps them within a bound of memory, answers
// Jaeger's query API, hands out a sampling strategy, and tells of every span that
// it knows to be lost. Start at Start.
//
// Its parts are packages: udp reads sockets, wire decodes, store keeps and finds,
// api answers, sampling advises. A further receiver is a file here beside
// agent.go that hands its batches to intake.
package allinone
