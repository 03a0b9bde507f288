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
	args := append(opener(a.env.OS), page)
	// Neither the end of this program nor of ctx ends the browser.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), args[0], args[1:]...)
	cmd.Env = a.env.Environ
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("open the browser: %w", err)
	}
	// The channel has room, so that this ends with the browser.
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	grace := time.NewTimer(openerGrace)
	defer grace.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("open the browser: %s: %w", args[0], err)
		}
		return nil
	case <-grace.C:
		return nil
	case <-ctx.Done():
		return nil
	}
}

// opener returns the command that opens a URL on an operating system.
func opener(system string) []string {
	switch system {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	default:
		return []string{"xdg-open"}
	}
}

// openOrWarn opens a page, or prints a warning with its URL when that fails.
func (a *app) openOrWarn(ctx context.Context, page string) {
	if err := a.openBrowser(ctx, page); err != nil {
		printLine(a.env.Stderr, "warning", err.Error())
		printHint(a.env.Stderr, "open "+page+" yourself")
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
