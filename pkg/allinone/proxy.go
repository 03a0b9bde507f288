package allinone

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/url"

	"github.com/otdemo/otdemo/pkg/allinone/api"
	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/graceful"
)

// ProxyOptions configure a Proxy.
type ProxyOptions struct {
	// Target is the address of a Jaeger's query API, 1.x or 2.x, with its base path.
	// A user and a password in it are sent as basic authentication.
	Target *url.URL
	// Host is the address to listen on, "" for 127.0.0.1; Port is the port, 0 for
	// any free one.
	Host string
	Port int
	// Logger gets what goes wrong; nil discards it.
	Logger *slog.Logger
}

// Proxy is a running page on the traces of a Jaeger elsewhere. It receives and
// stores nothing.
type Proxy struct {
	addrs  map[string]string
	proxy  *api.Proxy
	server *graceful.Server
}

// StartProxy opens the port and begins to serve. The error is a *ListenError if it cannot
// be opened.
func StartProxy(opts ProxyOptions) (*Proxy, error) {
	host := cmp.Or(opts.Host, defaultHost)
	logger := cmp.Or(opts.Logger, slog.New(slog.DiscardHandler))
	socket, err := open(Listener{Name: Query, Network: "tcp"}, host, opts.Port)
	if err != nil {
		return nil, err
	}
	proxy := api.NewProxy(api.ProxyOptions{Target: opts.Target, Host: host, Logger: logger})
	return &Proxy{
		addrs:  map[string]string{Query: socket.Addr().String()},
		proxy:  proxy,
		server: graceful.Serve(socket.TCP, ingest.NewServer(proxy, logger)),
	}, nil
}

// Addrs returns where it listens: Query to its host:port.
func (p *Proxy) Addrs() map[string]string { return maps.Clone(p.addrs) }

// Close stops serving, and waits for answers that are under way until ctx ends. It
// may be called once.
func (p *Proxy) Close(ctx context.Context) error {
	err := p.server.Close(ctx)
	p.proxy.Close()
	return err
}
