package ingest

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/otdemo/otdemo/pkg/loss"
)

// slowly is a connection whose bytes come one by one.
type slowly struct {
	net.Conn
	r io.Reader
}

func (s slowly) Read(p []byte) (int, error) { return s.r.Read(p) }

func (slowly) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4000} }

// A client that writes byte by byte is recognized as well, and one that speaks HTTP is
// not rejected.
func TestWrongProtocolByteByByte(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, first string
		reason      Reason
	}{
		{"TLS", "\x16\x03\x01\x02\x00\x01", TLS},
		{"a receiver's signature", "~1234", "flags"},
		{"noise", "\x00\x01\x02\x03\x04\x05", Foreign},
		{"noise that ends", "\x00\x01", Foreign},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			port := New(Options{
				Receivers: []Spec{{Name: "flags", Signature: &Signature{
					Reason: "flags",
					Match:  func(first []byte) bool { return strings.HasPrefix(string(first), "~1234") },
				}}, {Name: "http"}},
				Addrs:  map[string]string{"http": "192.0.2.1:1"},
				Logger: slog.New(slog.DiscardHandler),
				Now:    time.Now,
			}).Ports["http"]
			conn := &sniffingConn{
				Conn:     slowly{r: iotest.OneByteReader(strings.NewReader(tt.first))},
				listener: &sniffingListener{port: port},
			}
			got, err := io.ReadAll(conn)
			if err != nil || string(got) != tt.first {
				t.Errorf("read %q, %v, want %q", got, err, tt.first)
			}
			want := loss.Rejects{}
			if tt.reason != "" {
				want[string(tt.reason)] = 1
			}
			if diff := cmp.Diff(want, port.Counts().Undecodable, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
