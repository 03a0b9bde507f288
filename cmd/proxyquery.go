package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/query"
)

// proxyFlags are those of all-in-one that mean something with --proxy-query, beside
// those that every command has.
func proxyFlags() []string {
	return []string{"proxy-query", "host", "query-port", "free-ports", "addr-file", "open", "log-level", "log-format", "color"}
}

// proxyTarget returns the URL in --proxy-query, or all that is wrong with the flags.
func proxyTarget(flags *pflag.FlagSet, raw string, port int) (*url.URL, error) {
	var faults []error
	flags.Visit(func(f *pflag.Flag) {
		if !slices.Contains(proxyFlags(), f.Name) {
			faults = append(faults, fmt.Errorf("--%s and --proxy-query exclude each other: there is neither receiver nor store with it", f.Name))
		}
	})
	if port == allinone.Off {
		faults = append(faults, errors.New("--proxy-query serves the query port alone, which --query-port off leaves out"))
	}
	// The client checks the URL; it is not used.
	if _, err := query.New(raw, query.Options{}); err != nil {
		err = fmt.Errorf("--proxy-query: %w", err)
		if wrong, ok := errors.AsType[*query.URLError](err); ok {
			err = withHint(err, "--proxy-query "+wrong.Suggestion)
		}
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return url.Parse(raw)
}

func (a *app) proxyQuery(ctx context.Context, opts allinone.ProxyOptions, how announcement) error {
	proxy, err := allinone.StartProxy(opts) //nolint:contextcheck // it serves until it is closed
	if errors.Is(err, syscall.EADDRINUSE) {
		return withHint(err, "the Jaeger itself may have it: choose another port with --query-port 16687, or --query-port 0 for any free one")
	}
	if err != nil {
		return listenErrors(err)
	}
	err = a.announce(ctx, opts.Logger, proxy.Addrs(), how)
	if err == nil {
		<-ctx.Done()
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return errors.Join(err, proxy.Close(closing))
}
