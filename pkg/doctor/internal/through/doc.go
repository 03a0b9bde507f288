// Package through examines an application: it sends requests and looks for the spans
// that the application reports. Start at Probe.
package through
