//go:build !linux

package process

import "syscall"

// endWithParent has no means outside Linux: a test binary that dies without its
// cleanups leaves the program running there.
func endWithParent() *syscall.SysProcAttr { return nil }
