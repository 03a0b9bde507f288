package cmd

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"time"
)

// openerGrace is how long the program that opens a browser may run. If it runs longer,
// it is the browser itself.
const openerGrace = 5 * time.Second

// openBrowser shows a page in the user's browser. It returns when the system's opener
// has passed it on, or has become the browser.
func (a *app) openBrowser(ctx context.Context, page string) error {
	opener := []string{"xdg-open", page}
	switch a.env.OS {
	case "darwin":
		opener = []string{"open", page}
	case "windows":
		opener = []string{"rundll32", "url.dll,FileProtocolHandler", page}
	}
	// Neither the end of this program nor of ctx ends the browser.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), opener[0], opener[1:]...)
	cmd.Env = a.env.Environ
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("open the browser: %w", err)
	}
	// The channel has room, so that this ends with the browser.
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, openerGrace)
	defer cancel()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("open the browser: %s: %w", opener[0], err)
		}
		return nil
	case <-ctx.Done():
		return nil
	}
}

// openOrWarn opens a page, or prints a warning with its URL when that fails.
func (a *app) openOrWarn(ctx context.Context, page string) {
	if err := a.openBrowser(ctx, page); err != nil {
		a.warn(err.Error(), "open "+page+" yourself")
	}
}

// pageURL returns the URL of the page of a server that listens on addr, for a browser
// on this machine.
func pageURL(addr string) string {
	if at, err := netip.ParseAddrPort(addr); err == nil && at.Addr().IsUnspecified() {
		_, port, _ := net.SplitHostPort(addr) // it has just been parsed
		addr = net.JoinHostPort("localhost", port)
	}
	return "http://" + addr + "/"
}
