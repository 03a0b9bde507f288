// Package udp takes datagrams off a socket as fast as they come, so that a burst
// waits in our memory instead of being dropped in the kernel's, and knows how
// many the kernel dropped nevertheless. Start at Start.
package udp
