//go:build !linux

package integration

// machineEnvironments are only where there are namespaces.
func machineEnvironments() []environment { return nil }
