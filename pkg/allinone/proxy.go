package allinone

import (
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
	common := Options{Host: opts.Host, Ports: onlyQuery(opts.Port), Logger: opts.Logger}.withDefaults()
	sockets, err := listen(common)
	if err != nil {
		return nil, err
	}
	proxy := api.NewProxy(api.ProxyOptions{Target: opts.Target, Host: common.Host, Logger: common.Logger})
	return &Proxy{
		addrs:  sockets.addrs(),
		proxy:  proxy,
		server: graceful.Serve(sockets[Query].TCP, ingest.NewServer(proxy, common.Logger)),
	}, nil
}

// onlyQuery are the ports of a Backend without receivers.
func onlyQuery(port int) map[string]int {
	ports := make(map[string]int)
	for _, l := range Listeners() {
		ports[l.Name] = Off
	}
	ports[Query] = port
	return ports
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
