package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// What a target looks up is what it connects to, by whatever protocol.
func TestTargetDialsWhatItLooksUp(t *testing.T) {
	t.Parallel()
	names := map[string][]netip.Addr{
		"jaeger":  {netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("::ffff:192.0.2.2")},
		"nowhere": {},
	}
	for _, tt := range []struct {
		name, network, address, answers string
		want                            []string
		err                             string
	}{
		{"the first answers", "tcp", "jaeger:80", "192.0.2.1:80", []string{"tcp 192.0.2.1:80"}, ""},
		{
			"the last answers", "tcp", "jaeger:80", "[2001:db8::1]:80",
			[]string{"tcp 192.0.2.1:80", "tcp 192.0.2.2:80", "tcp [2001:db8::1]:80"},
			"",
		},
		{
			"none answers", "udp", "jaeger:6831", "",
			[]string{"udp 192.0.2.1:6831", "udp 192.0.2.2:6831", "udp [2001:db8::1]:6831"},
			"no answer of 192.0.2.1:6831",
		},
		{"an address", "tcp", "198.51.100.7:80", "198.51.100.7:80", []string{"tcp 198.51.100.7:80"}, ""},
		{"a socket", "unix", "/run/docker:sock", "/run/docker:sock", []string{"unix /run/docker:sock"}, ""},
		{"an unknown name", "tcp", "other:80", "", nil, "dial tcp: lookup other: no such host"},
		{"a name without an address", "tcp", "nowhere:80", "", nil, "dial tcp: lookup nowhere: no such host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var dialled []string
			target := probe.Target{
				Dial: func(_ context.Context, network, address string) (net.Conn, error) {
					dialled = append(dialled, network+" "+address)
					if address == tt.answers {
						conn, _ := net.Pipe()
						return conn, nil
					}
					return nil, errors.New("no answer of " + address)
				},
				Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
					addrs, ok := names[host]
					if !ok {
						return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
					}
					return slices.Clone(addrs), nil
				},
			}.WithDefaults()
			conn, err := target.Dial(t.Context(), tt.network, tt.address)
			if diff := cmp.Diff(tt.want, dialled); diff != "" {
				t.Errorf("dialled (-want +got):\n%s", diff)
			}
			if tt.err == "" && (err != nil || conn == nil) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got %v, %v, want the error %q", conn, err, tt.err)
			}
		})
	}
}
