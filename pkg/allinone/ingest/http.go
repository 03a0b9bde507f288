package ingest

import (
	"cmp"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/otdemo/otdemo/pkg/graceful"
)

// Limits of the HTTP servers. A client that stalls must not hold its connection for
// ever; a large trace over a slow line may take its time.
const (
	HeaderTimeout  = 5 * time.Second
	RequestTimeout = 10 * time.Second
	answerTimeout  = 2 * time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

// NewServer returns an HTTP server with the limits that all have.
func NewServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: HeaderTimeout,
		ReadTimeout:       RequestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// ServeHTTP serves a handler on a listener until the Server is closed. It counts
// spans that are posted to the wrong port, recognizes clients that do not speak HTTP,
// and rejects requests of foreign web pages on a port for spans. configure, if not
// nil, changes the server before it starts.
func ServeHTTP(l net.Listener, port *Port, handler http.Handler, configure func(*http.Server)) Server {
	server := NewServer(nil, port.Logger.With("listener", port.Name))
	if configure != nil {
		configure(server)
	}
	http2 := server.Protocols != nil && server.Protocols.UnencryptedHTTP2()
	server.Handler = port.guard(handler, http2)
	return graceful.Serve(&sniffingListener{l, port, http2}, server)
}

// OnlyPost rejects other methods as Jaeger does: 405 without a body.
func OnlyPost(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		handle(w, r)
	}
}

// MediaType returns a request's content type without parameters, "" if it has none
// that can be parsed.
func MediaType(r *http.Request) string {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// StatusOf returns the HTTP status for a request that had no batch.
func StatusOf(reason Reason) int {
	statuses := map[Reason]int{
		TooLarge: http.StatusRequestEntityTooLarge,
		Encoding: http.StatusUnsupportedMediaType,
		Busy:     http.StatusServiceUnavailable,
	}
	return cmp.Or(statuses[reason], http.StatusBadRequest)
}
