// Package probetest has what the tests of several probes share. Start at Examine.
package probetest
