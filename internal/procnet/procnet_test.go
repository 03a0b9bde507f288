package procnet

import (
	"net"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const udpTable = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1201: 0100007F:1AAF 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 81 2 0000000000000000 12
 1202: 00000000000000000000000000000000:1AAF 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 82 2 0000000000000000 30
 1203: 0100007F:9C40 0100007F:1AAF 01 00000000:00000000 00:00000000 00000000     0        0 83 2 0000000000000000 many
 1204: 0100007F:9C40 0100007F:1AAF 01 00000000:00000000 00:00000000 00000000     0        0 84
`

const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3ED6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 91 1 0000000000000000 100 0 0 10 0
   1: 0100007F:3ED6 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 92 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:3ED7 0100007F:9C40 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000
`

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, table string
		udp         bool
		want        []Socket
	}{
		{"udp", udpTable, true, []Socket{{Port: 6831, Inode: 81, Drops: 12}, {Port: 6831, Inode: 82, Drops: 30}}},
		{"tcp", tcpTable, false, []Socket{{Port: 16086, Inode: 91, Listening: true}, {Port: 16086, Inode: 92}, {Port: 16087}}},
		{"nothing", "", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, parse([]byte(tt.table), tt.udp)); diff != "" {
				t.Errorf("sockets (-want +got):\n%s", diff)
			}
		})
	}
}

// A socket of this very process is found.
func TestSockets(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("known on Linux only")
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	found := slices.ContainsFunc(slices.Collect(Sockets("tcp")), func(s Socket) bool { return s.Port == port && s.Listening && s.Inode > 0 })
	if !found {
		t.Errorf("no listening socket on port %d", port)
	}
}

func TestReceiveBufferErrors(t *testing.T) {
	t.Parallel()
	const snmp = "Tcp: RcvbufErrors\nTcp: 9\n" +
		"Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 100 2 3 4 57 6\n" +
		"UdpLite: RcvbufErrors\nUdpLite: 8\n"
	if got := parseBufferErrors([]byte(snmp)); got != 57 {
		t.Errorf("got %d, want 57", got)
	}
}
