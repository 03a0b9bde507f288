package allinone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"sync"

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

	serving sync.WaitGroup
	ended   error
}

// StartProxy opens the port and begins to serve. The error is a *ListenError if it cannot
// be opened.
func StartProxy(opts ProxyOptions) (*Proxy, error) {
	common := Options{Host: opts.Host, Ports: onlyQuery(opts.Port), Logger: opts.Logger}.withDefaults()
	sockets, err := listen(common)
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		addrs: sockets.addrs(),
		proxy: api.NewProxy(api.ProxyOptions{Target: opts.Target, Host: common.Host, Logger: common.Logger}),
	}
	p.server = ingest.NewServer(p.proxy, common.Logger)
	p.serving.Go(func() {
		if err := p.server.Serve(sockets[Query].TCP); !errors.Is(err, http.ErrServerClosed) {
			p.ended = fmt.Errorf("serve the page: %w", err)
		}
	})
	return p, nil
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
	err := p.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop serving: %w", err), p.server.Close())
	}
	p.serving.Wait()
	p.proxy.Close()
	return errors.Join(err, p.ended)
}
