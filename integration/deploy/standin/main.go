// Command standin is what an image of a store has besides the store: its entry
// point, which understands those settings of the real image that the compose files
// in deploy/ use, and cqlsh. It is one program and goes by the name it is called by.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(filepath.Base(os.Args[0]), os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		os.Exit(1)
	}
}

func run(name string, args []string) error {
	switch name {
	case "elasticsearch":
		return elasticsearch()
	case "cassandra":
		return cassandra()
	case "cqlsh":
		return cqlsh(args)
	default:
		return fmt.Errorf("there is no %q in here", name)
	}
}
