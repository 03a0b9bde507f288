// Package transport examines the path to the agent and to the collector: names, ports
// and responses. Start at UDPProbe and CollectorProbe.
package transport
