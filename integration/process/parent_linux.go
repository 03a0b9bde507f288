package process

import "syscall"

// endWithParent has the kernel kill the program when the test binary dies
// without its cleanups: at go test's own timeout, or by SIGKILL.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
