package cassandra

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
)

// recorded returns the bodies of results that a real Cassandra 4.1.7 with
// Jaeger's schema gave, by query.
func recorded(tb testing.TB) map[string][]byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cassandra-4.1.7.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	frames := make(map[string][]byte)
	for line := range strings.Lines(string(text)) {
		query, digits, _ := strings.Cut(strings.TrimSpace(line), "\t")
		body, err := hex.DecodeString(digits)
		if err != nil {
			tb.Fatal(err)
		}
		frames[query] = body
	}
	return frames
}

// cqlRowsBody encodes rows as a node does.
func cqlRowsBody(rows ...string) []byte {
	b := binary.BigEndian.AppendUint32(nil, cqlRows)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, 1)
	for _, name := range []string{"system", "peers", "[json]"} {
		b = appendCQLString(b, name)
	}
	b = binary.BigEndian.AppendUint16(b, cqlText)
	b = binary.BigEndian.AppendUint32(b, uint32(len(rows)))
	for _, row := range rows {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(row))), row...)
	}
	return b
}

func cqlErrorBody(code uint32, message string) []byte {
	return appendCQLString(binary.BigEndian.AppendUint32(nil, code), message)
}

// cqlNode is a node of a single address.
type cqlNode struct {
	// password is wanted unless it is empty.
	password string
	// rows are bodies of results by a part of the query, failures of errors.
	rows, failures map[string][]byte
}

func (n *cqlNode) answer(opcode byte, body []byte) (byte, []byte) {
	switch opcode {
	case cqlStartup:
		if n.password != "" {
			return cqlAuthenticate, appendCQLString(nil, "org.apache.cassandra.auth.PasswordAuthenticator")
		}
		return cqlReady, nil
	case cqlAuthResponse:
		if string(body[4:]) != "\x00jaeger\x00"+n.password {
			return cqlError, cqlErrorBody(cqlBadCredentials, "Provided username jaeger and/or password are incorrect")
		}
		return cqlAuthSuccess, []byte{0xff, 0xff, 0xff, 0xff}
	}
	query := string(body[4 : 4+binary.BigEndian.Uint32(body)])
	for part, failure := range n.failures {
		if strings.Contains(query, part) {
			return cqlError, failure
		}
	}
	for part, rows := range n.rows {
		if strings.Contains(query, part) {
			return cqlResult, rows
		}
	}
	return cqlError, cqlErrorBody(cqlInvalid, "unconfigured table")
}

func (n *cqlNode) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		var header [cqlHeaderLength]byte
		if _, err := io.ReadFull(conn, header[:]); err != nil {
			return
		}
		if header[0] != cqlVersion {
			_, _ = conn.Write(append([]byte{cqlResponse | cqlVersion, 0, 0, 0, cqlError, 0, 0, 0, 6}, cqlErrorBody(0x0a, "")...))
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header[5:]))
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		opcode, answer := n.answer(header[4], body)
		frame := binary.BigEndian.AppendUint32([]byte{cqlResponse | cqlVersion, 0, 0, 0, opcode}, uint32(len(answer)))
		if _, err := conn.Write(append(frame, answer...)); err != nil {
			return
		}
	}
}

// listen hands each connection of a new port to serve, until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

func atCassandra(t *testing.T, addr string) probe.Target {
	t.Helper()
	target := probetest.Outside(probetest.Load(t))
	target.Storage = probe.Storage{Kind: probe.StorageCassandra, CassandraHosts: []string{addr}}
	return target
}

// healthyCassandra responds as the recorded one, except for the changes.
func healthyCassandra(t *testing.T, rows map[string][]byte) *cqlNode {
	t.Helper()
	n := &cqlNode{rows: recorded(t)}
	for part, body := range rows {
		for query := range n.rows {
			if strings.Contains(query, part) {
				n.rows[query] = body
			}
		}
	}
	return n
}

func TestCassandraAnswers(t *testing.T) {
	t.Parallel()
	node := healthyCassandra(t, nil)
	locked := healthyCassandra(t, nil)
	locked.password = "secret"
	closed := probetest.ClosedAddr(t)
	tests := map[string]struct {
		addr   string
		change func(*probe.Storage)
		status probe.Status
		code   probe.Code
		// fact has ADDR for the address.
		fact string
	}{
		"well": {listen(t, node.serve), nil, probe.StatusOK, codeResponds, "ADDR responds: Cassandra 4.1.7, data center datacenter1"},
		"with a password": {
			listen(t, locked.serve), func(s *probe.Storage) { s.User, s.Password = "jaeger", "secret" },
			probe.StatusOK, codeResponds, "ADDR responds: Cassandra 4.1.7, data center datacenter1",
		},
		"without": {listen(t, locked.serve), nil, probe.StatusFail, codeUnauthorized, "ADDR requires a user and a password"},
		"wrong password": {
			listen(t, locked.serve), func(s *probe.Storage) { s.User, s.Password = "jaeger", "secret1" },
			probe.StatusFail, codeUnauthorized, "ADDR rejects user jaeger with this password",
		},
		"refused":  {closed, nil, probe.StatusFail, codeRefused, "nothing listens on tcp ADDR"},
		"no TLS":   {listen(t, node.serve), func(s *probe.Storage) { s.TLS = true }, probe.StatusFail, codeTLS, "ADDR does not speak TLS"},
		"with TLS": {probetest.TLSServer(t).Listener.Addr().String(), nil, probe.StatusFail, codeTLS, "ADDR speaks TLS"},
		"HTTP": {
			listen(t, func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")); _ = c.Close() }), nil,
			probe.StatusFail, codeNotCQL, "ADDR does not speak Cassandra's protocol: the response is not in Cassandra's protocol",
		},
		"a URL": {
			"http://cassandra:9042", nil, probe.StatusFail, codeHostInvalid,
			`the host "http://cassandra:9042" must be of the form host or host:port`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := atCassandra(t, tt.addr)
			if tt.change != nil {
				tt.change(&target.Storage)
			}
			f, env := probetest.Examine(t, Probe(), target, nil)
			fact := strings.ReplaceAll(tt.fact, "ADDR", tt.addr)
			if f.Status != tt.status || f.Code != tt.code || f.Fact != fact {
				t.Errorf("got %s %s %q, want %s %s %q (%q)", f.Status, f.Code, f.Fact, tt.status, tt.code, fact, f.Evidence)
			}
			if _, learned := env.Published.(clusterNode); learned != (tt.status == probe.StatusOK) {
				t.Errorf("learned %v with status %s", env.Published, f.Status)
			}
		})
	}
}

// Jaeger 2 uses TLS unless configured otherwise, Jaeger 1 the other way round.
func TestCassandraTLSByGeneration(t *testing.T) {
	t.Parallel()
	plain, secure := listen(t, healthyCassandra(t, nil).serve), probetest.TLSServer(t).Listener.Addr().String()
	f, _ := probetest.Examine(t, Probe(), atCassandra(t, plain), nil)
	want := "tls: first record does not look like a TLS handshake"
	if last := f.Evidence[len(f.Evidence)-1]; !strings.Contains(last, "insecure: true") || !strings.HasSuffix(last, want) {
		t.Errorf("evidence %q does not end in insecure: true and %q", f.Evidence, want)
	}
	for addr, hint := range map[string]string{
		plain:  "leave --storage-tls out, and --cassandra.tls.enabled (Jaeger 1); connection: {tls: {insecure: true}} (Jaeger 2)",
		secure: "--storage-tls; --cassandra.tls.enabled (Jaeger 1); connection: {tls: {insecure: false}}, the default (Jaeger 2)",
	} {
		target := atCassandra(t, addr)
		target.Storage.TLS = addr == plain
		f, _ := probetest.Examine(t, Probe(), target, nil)
		if got := probe.First(f.Hints); f.Code != codeTLS || got != hint {
			t.Errorf("got %s, hint %q, want %s, %q", f.Code, got, codeTLS, hint)
		}
	}
	target := atCassandra(t, plain)
	target.Storage.TLS = true
	if f, _ := probetest.Examine(t, Probe(), target, nil); !slices.ContainsFunc(f.Evidence, func(line string) bool {
		return strings.HasPrefix(line, "Jaeger prints: ") && strings.HasSuffix(line, want)
	}) {
		t.Errorf("evidence %q lacks %q", f.Evidence, want)
	}
}

// Jaeger waits forever on such a port.
func TestCassandraThatIsSilent(t *testing.T) {
	t.Parallel()
	addr := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c); _ = c.Close() })
	f, _ := probetest.ExamineWithin(t, transport.TCPTimeout, Probe(), atCassandra(t, addr), nil)
	if f.Code != codeNotCQL || !strings.HasSuffix(f.Fact, "connected, but received no response") {
		t.Errorf("got %s %q", f.Code, f.Fact)
	}
}

func TestCassandraState(t *testing.T) {
	t.Parallel()
	keyspaces := func(replication string) map[string][]byte {
		return map[string][]byte{"system_schema.keyspaces": cqlRowsBody(
			`{"keyspace_name":"system","replication":{"class":"org.apache.cassandra.locator.LocalStrategy"}}`,
			`{"keyspace_name":"jaeger_v1_test","replication":`+replication+`}`,
		)}
	}
	const network = `{"class":"org.apache.cassandra.locator.NetworkTopologyStrategy",`
	tests := map[string]struct {
		probe    string
		rows     map[string][]byte
		failures map[string][]byte
		keyspace string
		status   probe.Status
		code     probe.Code
		fact     string
	}{
		"keyspace": {idKeyspace, nil, nil, "", probe.StatusOK, codeKeyspaceFound, "keyspace jaeger_v1_test has all 7 span tables"},
		"no keyspace of that name": {
			idKeyspace, nil, nil, "jaeger_dc1", probe.StatusFail, codeNoKeyspace, "no keyspace jaeger_dc1",
		},
		"no keyspace": {
			idKeyspace,
			map[string][]byte{"system_schema.keyspaces": cqlRowsBody()},
			nil, "",
			probe.StatusFail, codeNoKeyspace, "no keyspace jaeger_v1_datacenter1",
		},
		"half a schema": {
			idKeyspace,
			map[string][]byte{"system_schema.tables": cqlRowsBody(`{"table_name":"traces"}`, `{"table_name":"tag_index"}`)},
			nil, "", probe.StatusFail, codeNoTables,
			"keyspace jaeger_v1_test has no table service_names, operation_names_v2, service_operation_index and 2 more: the schema is incomplete",
		},
		"may not look": {
			idKeyspace, nil,
			map[string][]byte{"system_schema": cqlErrorBody(0x2100, "User jaeger has no SELECT permission")},
			"",
			probe.StatusUnknown, codeStateUnknown, "cannot read Cassandra's state: User jaeger has no SELECT permission",
		},
		"simple strategy": {
			idReplication, keyspaces(`{"class":"org.apache.cassandra.locator.SimpleStrategy","replication_factor":"1"}`), nil, "",
			probe.StatusOK, codeReplicated, "keyspace jaeger_v1_test has 1 replica in data center datacenter1",
		},
		"another data center": {
			idReplication, keyspaces(network + `"dc1":"1"}`), nil, "",
			probe.StatusFail, codeDatacenter, "keyspace jaeger_v1_test has no replica in data center datacenter1",
		},
		"two replicas on one node": {
			idReplication, keyspaces(network + `"datacenter1":"2"}`), nil, "",
			probe.StatusWarn, codeFewNodes, "keyspace jaeger_v1_test requires 2 replicas, but there is 1 node",
		},
		"replicas are down": {
			idReplication, keyspaces(network + `"datacenter1":"1"}`),
			map[string][]byte{"service_names": cqlErrorBody(cqlUnavailable, "Cannot achieve consistency level LOCAL_ONE")},
			"",
			probe.StatusFail, codeUnavailable, "cannot read from keyspace jaeger_v1_test: Cannot achieve consistency level LOCAL_ONE",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := healthyCassandra(t, tt.rows)
			node.failures = tt.failures
			target := atCassandra(t, listen(t, node.serve))
			target.Storage.Keyspace = tt.keyspace
			earlier := map[string]probe.Outcome{idAnswers: {
				Finding:   probe.Finding{Status: probe.StatusOK},
				Published: clusterNode{addr: target.Storage.CassandraHosts[0], Datacenter: "datacenter1", Version: "4.1.7"},
			}}
			f, _ := probetest.Examine(t, probetest.ProbeNamed(t, StateProbes(), tt.probe), target, earlier)
			if f.Status != tt.status || f.Code != tt.code || f.Fact != tt.fact {
				t.Errorf("got %s %s %q, want %s %s %q", f.Status, f.Code, f.Fact, tt.status, tt.code, tt.fact)
			}
		})
	}
}

func TestReadRecordedRows(t *testing.T) {
	t.Parallel()
	rows, err := readCQLRows(recorded(t)["SELECT JSON cluster_name, data_center, release_version FROM system.local"])
	if err != nil || len(rows) != 1 {
		t.Fatalf("got %q, %v, want a row", rows, err)
	}
	var got clusterNode
	if err := json.Unmarshal(rows[0], &got); err != nil {
		t.Fatal(err)
	}
	want := clusterNode{Cluster: "lab", Datacenter: "datacenter1", Version: "4.1.7"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(clusterNode{})); diff != "" {
		t.Error(diff)
	}
}

// Whatever a port sends, reading it ends, and what is read was sent.
func FuzzReadCQLRows(f *testing.F) {
	for _, body := range recorded(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := readCQLRows(body)
		if err != nil && !errors.Is(err, errNotCQL) {
			t.Errorf("got error %v, want errNotCQL", err)
		}
		for _, row := range rows {
			if !bytes.Contains(body, row) {
				t.Errorf("row %q was not in the answer", row)
			}
		}
	})
}
