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

// proxyFlags returns the flags of all-in-one that may be combined with --proxy-query.
func proxyFlags() []string {
	return []string{"proxy-query", "host", "query-port", "free-ports", "addr-file", "open", "log-level", "log-format", "color"}
}

// proxyTarget returns the URL of --proxy-query, or all errors of the flags, joined.
func proxyTarget(flags *pflag.FlagSet, raw string, port int) (*url.URL, error) {
	var faults []error
	flags.Visit(func(f *pflag.Flag) {
		if !slices.Contains(proxyFlags(), f.Name) {
			faults = append(faults, fmt.Errorf("--%s and --proxy-query cannot be combined: there is no receiver and no store with --proxy-query", f.Name))
		}
	})
	if port == allinone.Off {
		faults = append(faults, errors.New("--proxy-query requires the page, which --query-port off disables"))
	}
	// Only to validate the URL.
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
		return withHint(err, "that Jaeger may use this port: choose another one with --query-port 16687, or --query-port 0 for any free port")
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
