package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	dialTimeout = 5 * time.Second
	// farTimeout is ample for a search in a large storage, and shorter than a
	// server gives its answer, so that the page hears of it.
	farTimeout = 100 * time.Second
	// proxyName is how requests that were passed on are known again.
	proxyName = "otdemo-page"
	// proxyTitle is other than the title by which otdemo's own backend is known.
	proxyTitle = "Traces, by otdemo"
)

// ProxyOptions say whose traces a Proxy shows.
type ProxyOptions struct {
	// Target is the address of a Jaeger's query API, with its base path. A user
	// and a password in it are sent as basic authentication, and never shown.
	Target *url.URL
	// Host is the address that is listened on, as in Options.
	Host   string
	Logger *slog.Logger
}

// Proxy serves the page on the traces of a Jaeger elsewhere. Close it after the
// server has ended.
type Proxy struct {
	opts      ProxyOptions
	handler   http.Handler
	transport *http.Transport
}

// NewProxy connects to nothing yet.
func NewProxy(opts ProxyOptions) *Proxy {
	dialer := &net.Dialer{Timeout: dialTimeout}
	p := &Proxy{
		opts: opts,
		transport: &http.Transport{
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: farTimeout,
			IdleConnTimeout:       farTimeout,
			ForceAttemptHTTP2:     true,
			// What the browser asked for is passed on as it comes.
			DisableCompression: true,
		},
	}
	far := &httputil.ReverseProxy{
		Transport:      p.transport,
		Rewrite:        p.rewrite,
		ModifyResponse: p.check,
		ErrorHandler:   p.failed,
		ErrorLog:       slog.NewLogLogger(opts.Logger.Handler(), slog.LevelDebug),
	}
	mux := http.NewServeMux()
	for pattern, rewritten := range farPaths() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			clean := *r
			if clean.URL = rewritten(r); clean.URL == nil {
				p.unknown(w, r)
				return
			}
			clean.URL.RawQuery = r.URL.RawQuery
			clean.Body, clean.ContentLength = http.NoBody, 0
			far.ServeHTTP(w, &clean)
		})
	}
	mux.HandleFunc("/api/", p.unknown)
	mux.Handle("/", ownPage(proxyTitle))
	p.handler = guard(opts.Host, mux, http.NewServeMux())
	return p
}

// ServeHTTP answers with the page, and with what the Jaeger answers to the
// requests that the page needs. It changes nothing there.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Via"), proxyName) {
		p.refuse(w, http.StatusLoopDetected, "this page was told to show itself: give --proxy-query the address of a Jaeger")
		return
	}
	p.handler.ServeHTTP(w, r)
}

// Close gives up the connections that are kept.
func (p *Proxy) Close() { p.transport.CloseIdleConnections() }

// rewrite asks as otdemo, not as the browser: cookies and the like are this
// server's business.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	r.SetURL(p.opts.Target)
	r.Out.Header = http.Header{
		"Accept":     {"application/json"},
		"User-Agent": {"otdemo"},
		"Via":        {"1.1 " + proxyName},
	}
	if encoding, ok := r.In.Header["Accept-Encoding"]; ok {
		r.Out.Header["Accept-Encoding"] = encoding
	}
	if user := p.opts.Target.User; user != nil {
		password, _ := user.Password()
		r.Out.SetBasicAuth(user.Username(), password)
	}
}

type notAPI string

func (e notAPI) Error() string { return string(e) }

// check lets pass what the query API says, its own errors included, and nothing
// with it that a browser would act upon.
func (p *Proxy) check(resp *http.Response) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // "" is told, too
	code := resp.StatusCode
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return notAPI(fmt.Sprintf("answered %s: --proxy-query takes http://USER:PASSWORD@HOST", resp.Status))
	case code >= 300 && code < 400:
		return notAPI(fmt.Sprintf("answered %s to %s, where --proxy-query should point", resp.Status, where(resp)))
	case kind == "application/json":
	case kind == "text/plain" && code >= 400: // as Jaeger sends its errors
	default:
		return notAPI(fmt.Sprintf("answered %s with %q, which is no answer of Jaeger's query API: is a base path missing in --proxy-query?", resp.Status, kind))
	}
	kept := http.Header{}
	for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Length"} {
		if values, ok := resp.Header[name]; ok {
			kept[name] = values
		}
	}
	resp.Header = kept
	return nil
}

// where returns the place that a redirect leads to, without user info and query.
func where(resp *http.Response) string {
	u, err := resp.Location()
	if err != nil {
		return "nowhere"
	}
	return bareURL(u)
}

func (p *Proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) || r.Context().Err() != nil {
		return // the browser has gone
	}
	words := "does not answer: " + err.Error()
	if wrong, ok := errors.AsType[notAPI](err); ok {
		words = wrong.Error()
	}
	words = bareURL(p.opts.Target) + " " + words
	p.opts.Logger.Warn("query was not answered", "path", r.URL.Path, "error", words)
	p.refuse(w, http.StatusBadGateway, words)
}

// unknown answers for what the page does not need, or only otdemo has.
func (p *Proxy) unknown(w http.ResponseWriter, r *http.Request) {
	p.refuse(w, http.StatusNotFound, r.URL.Path+" is not passed on to "+bareURL(p.opts.Target)+": only otdemo's own backend has it")
}

func (p *Proxy) refuse(w http.ResponseWriter, status int, msg string) {
	if err := writeError(w, "application/json", status, msg); err != nil {
		p.opts.Logger.Debug("answer was not delivered", "error", err)
	}
}

// bareURL is a URL to be shown: without a password, and without a query.
func bareURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// farPaths are the paths that a proxy passes on. Each has what makes the URL that is asked
// for, written anew from what was understood of a request; nil for one that is not passed
// on after all.
func farPaths() map[string]func(r *http.Request) *url.URL {
	paths := map[string]func(*http.Request) *url.URL{
		"/api/traces/{id}": func(r *http.Request) *url.URL {
			id := r.PathValue("id")
			if _, err := trace.ParseTraceID(id); err != nil || id == "" { // hexadecimal digits only
				return nil
			}
			return &url.URL{Path: "/api/traces/" + id}
		},
		"/api/services/{service}/operations": func(r *http.Request) *url.URL {
			name := r.PathValue("service")
			if climbs(name) {
				return nil
			}
			return &url.URL{
				Path:    "/api/services/" + name + "/operations",
				RawPath: "/api/services/" + url.PathEscape(name) + "/operations",
			}
		},
	}
	for _, fixed := range []string{"/api/services", "/api/operations", "/api/traces", "/api/dependencies"} {
		paths[fixed] = func(*http.Request) *url.URL { return &url.URL{Path: fixed} }
	}
	return paths
}

// climbs reports whether a segment would lead to another path once a server on the
// way decodes it, however often, and resolves its dots.
func climbs(segment string) bool {
	for {
		for part := range strings.FieldsFuncSeq(segment, isSlash) {
			if part == "." || part == ".." {
				return true
			}
		}
		decoded, err := url.PathUnescape(segment)
		if err != nil || decoded == segment {
			return segment == ""
		}
		segment = decoded
	}
}

// isSlash also takes the one that some servers take for a slash.
func isSlash(r rune) bool { return r == '/' || r == '\\' }
