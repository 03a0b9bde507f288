//go:build !linux

package integration

// machineWards are only where there are namespaces.
func machineWards() []ward { return nil }
