package allinone

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// connect opens a connection that ends with the test.
func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(within(t), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// bomb returns the beginning of a gzip stream that unpacks to n zeros and never ends.
func bomb(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, zeros{}, n); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stallUploads begins uploads that unpack to what a body may have, and end none.
func stallUploads(t *testing.T, b *Backend, n int) {
	t.Helper()
	content := bomb(t, ingest.MaxBody-1)
	for range n {
		conn := connect(t, b.Addrs()[CollectorHTTP])
		if _, err := fmt.Fprintf(conn, "POST /api/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-thrift\r\n"+
			"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(content)+100, content); err != nil {
			t.Fatal(err)
		}
	}
}

// stallCalls begins 100 calls on each of n connections with a message that claims a
// megabyte, sends some bytes of it, and ends none.
func stallCalls(t *testing.T, b *Backend, n, some int) {
	t.Helper()
	for range n {
		conn := connect(t, b.Addrs()[OTLPGRPC])
		if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
			t.Fatal(err)
		}
		framer := http2.NewFramer(conn, conn)
		var head bytes.Buffer
		encoder := hpack.NewEncoder(&head)
		faults := []error{framer.WriteSettings()}
		for i := range 100 {
			head.Reset()
			for _, field := range [][2]string{
				{":method", "POST"}, {":scheme", "http"}, {":authority", "localhost"}, {":path", otlpMethod}, {"content-type", "application/grpc"},
			} {
				faults = append(faults, encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
			}
			id := uint32(2*i + 1)
			begin := append(binary.BigEndian.AppendUint32([]byte{0}, 1<<20), make([]byte, some)...)
			faults = append(faults,
				framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: head.Bytes(), EndHeaders: true}),
				framer.WriteData(id, false, begin))
		}
		for _, err := range faults {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// One sender's uploads that never end do not keep another one's out. Both took 24 kB
// for every port but UDP's.
func TestStalledUploadsStopNobody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		stall func(t *testing.T, b *Backend)
	}{
		{"six gzip bodies of 16 kB that are 16 MiB", func(t *testing.T, b *Backend) { t.Helper(); stallUploads(t, b, 6) }},
		{"6,000 calls without a message", func(t *testing.T, b *Backend) { t.Helper(); stallCalls(t, b, 60, 0) }},
		{"6,000 calls that have begun", func(t *testing.T, b *Backend) { t.Helper(); stallCalls(t, b, 60, 16) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{})
			tt.stall(t, b)
			client := httpClient(t)
			for range 20 { // while what was sent is being read
				postJSON(t, client, "http://"+b.Addrs()[Zipkin]+"/api/v2/spans", `[{"traceId":"1f","id":"1f","name":"op","timestamp":1}]`)
			}
			if got := b.Stats().Listeners[Zipkin].Undecodable[string(ingest.Busy)]; got != 0 {
				t.Errorf("%d uploads were turned away", got)
			}
		})
	}
}
