//go:build !linux

package allinone

// holder is known on Linux only.
func holder(string, int) string { return "" }
