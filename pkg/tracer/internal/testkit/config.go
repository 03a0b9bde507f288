package testkit

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
)

// UDPConfig sends every span to an agent on a loopback port, soon.
func UDPConfig(port int) config.Config {
	cfg := config.Defaults()
	cfg.Service = "shop"
	cfg.Reporter.Agent.Host = "127.0.0.1"
	cfg.Reporter.Agent.Port = port
	cfg.Reporter.FlushInterval = 5 * time.Millisecond
	return cfg
}

// ZipkinConfig sends to endpoint at Close, and no earlier.
func ZipkinConfig(endpoint string) config.Config {
	cfg := UDPConfig(1)
	cfg.Tracer = config.TracerZipkin
	cfg.Propagation = nil
	cfg.Reporter.Collector.Endpoint = endpoint
	cfg.Reporter.FlushInterval = time.Hour
	return cfg
}

// StrategyServer answers with body, and counts the questions.
func StrategyServer(t *testing.T, status int, body string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Query().Get("service") != "shop" || r.URL.Query().Get("zone") != "a" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

// RemoteConfig fetches strategies from server.
func RemoteConfig(t *testing.T, server string) config.Config {
	t.Helper()
	cfg := UDPConfig(NewSink(t, 0).Port())
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("joe", "hunter2")
	u.Path, u.RawQuery = "/sampling", "zone=a"
	cfg.Sampler.Type, cfg.Sampler.Param, cfg.Sampler.Endpoint = config.SamplerRemote, 0, u.String()
	return cfg
}
