//go:build !linux

package allinone

// holder is known on Linux only.
func holder(_, _ string) string { return "" }
