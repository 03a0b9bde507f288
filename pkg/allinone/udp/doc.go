// Package udp reads datagrams from a socket as fast as they arrive, so that a burst
// waits in our memory instead of being dropped by the kernel, and reports how many the
// kernel dropped. Start at Start.
package udp
