package ingest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/loss"
)

// What a Spec says is all that the ports of others need to know: they count what was
// meant for its receiver, and log where that is.
func TestSpecIsKnownOnOtherPorts(t *testing.T) {
	t.Parallel()
	semaphore := Spec{
		Name: "semaphore", Network: "tcp", Paths: []string{"/flags"}, Ignored: []string{"/weather"},
		MediaTypes: []string{"application/flags"},
		Signature:  &Signature{Reason: "flags", Text: "received flags", Match: func(first []byte) bool { return first[0] == '~' }},
	}
	tests := []struct {
		name, path, contentType, raw string
		want                         loss.Rejects
		log                          string
	}{
		{"its path", "/flags", "text/plain", "", loss.Rejects{string(Misdirected): 1}, "belongs on 192.0.2.1:1"},
		{"its content type", "/", "application/flags; v=1", "", loss.Rejects{string(Misdirected): 1}, "reason=misdirected"},
		{"its content type on a path without spans", "/weather", "application/flags", "", loss.Rejects{}, ""},
		{"another content type", "/", "text/plain", "", loss.Rejects{}, ""},
		{"its first bytes", "", "", "~~~~~\n", loss.Rejects{"flags": 1}, "send_to=192.0.2.1:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			port := New(Options{
				Receivers: []Spec{semaphore, {Name: "other", Network: "tcp"}},
				Addrs:     map[string]string{"semaphore": "192.0.2.1:1", "other": l.Addr().String()},
				Logger:    slog.New(slog.NewTextHandler(&log, nil)),
				Now:       time.Now,
			}).Ports["other"]
			server := ServeHTTP(l, port, http.NotFoundHandler(), nil)
			send(t, l.Addr().String(), tt.path, tt.contentType, tt.raw)
			if err := server.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, port.Counts().Undecodable); diff != "" {
				t.Errorf("rejected (-want +got):\n%s", diff)
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("no %q in the log:\n%s", tt.log, log.String())
			}
		})
	}
}

// send posts to a path, or sends raw bytes, and waits for the response.
func send(t *testing.T, addr, path, contentType, raw string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if raw == "" {
		raw = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: " + contentType + "\r\nContent-Length: 0\r\n\r\n"
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Fatal(err)
	}
}
