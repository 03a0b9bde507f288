package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// thisMachine describes what the figures were measured on, as far as it tells.
func thisMachine() string {
	return fmt.Sprintf("%s, %d cores, %s %s, %s, net.core.rmem_max %s",
		cpuModel(readFile("/proc/cpuinfo")), runtime.NumCPU(),
		runtime.GOOS, readFile("/proc/sys/kernel/osrelease"), runtime.Version(),
		readFile("/proc/sys/net/core/rmem_max"))
}

// readFile returns a file's text, or "unknown".
func readFile(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(content))
}

const unknown = "unknown"

// cpuModel reads the first processor of /proc/cpuinfo.
func cpuModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}
