package allinone

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// exchange sends raw text to the query port and returns the status of the answer,
// or 0 when the server just closed the connection.
func exchange(t *testing.T, b *Backend, text string) int {
	t.Helper()
	conn := dialTCP(t, b)
	// The server may answer and close before it has read all.
	_, _ = io.WriteString(conn, text)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

func dialTCP(t *testing.T, b *Backend) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(within(t), "tcp", b.Addrs()[Query])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestHostileHTTP(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	const host = "Host: localhost\r\n"
	tests := []struct {
		name, text string
		want       []int
	}{
		{"a good one", "GET /api/services HTTP/1.1\r\n" + host + "\r\n", []int{200}},
		{"long path", "GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\n" + host + "\r\n", []int{431, 0}},
		{"large header", "GET / HTTP/1.1\r\n" + host + "X: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", []int{431, 0}},
		{"many headers", "GET / HTTP/1.1\r\n" + host + strings.Repeat("X: y\r\n", 100_000) + "\r\n", []int{431, 0}},
		{"foreign host", "GET /api/services HTTP/1.1\r\nHost: evil.example\r\n\r\n", []int{403}},
		{"absolute foreign host", "GET http://evil.example/api/services HTTP/1.1\r\n" + host + "\r\n", []int{403}},
		{"no host", "GET /api/services HTTP/1.1\r\n\r\n", []int{400}},
		{"two hosts", "GET /api/services HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n", []int{400}},
		{"body of a terabyte", "POST /api/traces HTTP/1.1\r\n" + host + "Content-Length: 1099511627776\r\n\r\n", []int{405}},
		{"body with a get", "GET /api/services HTTP/1.1\r\n" + host + "Content-Length: 1099511627776\r\n\r\n", []int{200}},
		{"negative body", "GET /api/services HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", []int{400}},
		{"body said twice", "POST /api/traces HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400, 405}},
		{"connect", "CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n", []int{403, 405}},
		{"http/2 on a port without", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{0, 400, 403, 405, 505}},
		{"binary", "\x00\x01\xff\xfe\r\n\r\n", []int{400}},
		{"climbing", "GET /api/../../../etc/passwd HTTP/1.1\r\n" + host + "\r\n", []int{301, 307, 308}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := exchange(t, b, tt.text); !slices.Contains(tt.want, got) {
				t.Errorf("got status %d, want one of %v", got, tt.want)
			}
		})
	}
}

// Clients that never finish their request keep nobody else waiting, and are sent
// away.
func TestSlowRequests(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a timeout of seconds")
	}
	b := start(t, Options{})
	const slow = 200
	conns := make([]net.Conn, slow)
	for i := range conns {
		conns[i] = dialTCP(t, b)
		if _, err := io.WriteString(conns[i], "GET /api/services HTTP/1.1\r\nHost: localhost\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if status, _ := get(t, b, "/api/services"); status != http.StatusOK {
		t.Errorf("got status %d beside slow clients, want 200", status)
	}
	if took := time.Since(began); took > ingest.HeaderTimeout/2 {
		t.Errorf("an answer took %s beside slow clients", took)
	}
	for _, conn := range conns {
		if _, err := io.Copy(io.Discard, conn); err != nil { // until the server closes it
			t.Fatalf("a slow client was not sent away: %v", err)
		}
	}
	if took, most := time.Since(began), 2*ingest.HeaderTimeout; took > most {
		t.Errorf("slow clients were sent away after %s, want %s at most", took, most)
	}
}
