// Package probe has the words of a check: probes and what they return, the hops of a
// span's path, and the target that is examined. Start at Probe and Finding.
package probe
