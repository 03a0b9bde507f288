// Command otdemo makes traced traffic, carries its spans to Jaeger, reads them
// back and accounts for every one; where the account does not close, it names
// the first broken hop. See README.md.
package main

import (
	"os"

	"github.com/otdemo/otdemo/cmd"
)

func main() {
	os.Exit(cmd.Main(cmd.OSEnv()))
}
